import type { DeadlineOptions } from 'nice-grpc-client-middleware-deadline';
import type { CallOptions } from 'nice-grpc-common';
import type { DispatchChange, DispatchPage, DispatchWatch } from '../../machines/transport.js';
import { Event } from '../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import type {
  Dispatch as DispatchMessage,
  MicrogridDispatchServiceClient,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatch, type DispatchEvent } from '../dispatch.js';
import { DispatchError, type DispatchErrorDetails } from '../model/dispatchError.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { decodeDispatch } from '../wire/dispatchCodec.js';
import { encodeId } from '../wire/integerCodec.js';
import { undecodable } from '../wire/undecodable.js';
import {
  type DispatchChanges,
  encodeCreate,
  encodeList,
  encodeUpdate,
  type ListOptions,
  type NewDispatch,
} from './requests.js';
import { toDispatchError } from './toDispatchError.js';

/** What every call takes. */
export interface CallSignal {
  /** Ends the call; it then rejects with the reason, or an `AbortError`. */
  readonly signal?: AbortSignal;
}

/** How a {@link MicrogridClient} calls. */
export interface MicrogridClientSetup {
  readonly rpc: MicrogridDispatchServiceClient<DeadlineOptions>;
  readonly callTimeoutMs: number;
  readonly streamTimeoutMs: number;
}

interface ListedPage {
  readonly page: DispatchPage;
  /** Missing or empty on the last page. */
  readonly nextPageToken: string | undefined;
}

const eventKinds = new Map<number, DispatchEvent['type']>([
  [Event.CREATED, 'created'],
  [Event.UPDATED, 'updated'],
  [Event.DELETED, 'deleted'],
]);

/**
 * The calls of the dispatch service for one microgrid.
 *
 * Every failure is a `DispatchError`: `NOT_FOUND` for an unknown id, `INVALID_ARGUMENT` for what the contract or the
 * service refuses, `UNAUTHENTICATED` for wrong credentials, `UNAVAILABLE` when the service cannot be reached,
 * `DEADLINE_EXCEEDED`, `UNDECODABLE` for an answer that this version cannot represent, and the other gRPC status names.
 */
export class MicrogridClient {
  readonly microgridId: number;
  readonly #setup: MicrogridClientSetup;

  /** Clients of a microgrid come from `DispatchClient.forMicrogrid`. */
  constructor(microgridId: number, setup: MicrogridClientSetup) {
    this.microgridId = microgridId;
    this.#setup = setup;
  }

  /** Creates a dispatch; returns it as the service stored it. */
  async create(dispatch: NewDispatch, { signal }: CallSignal = {}): Promise<Dispatch> {
    return this.#call({}, async () => {
      const request = encodeCreate(this.microgridId, dispatch);
      const response = await this.#setup.rpc.createMicrogridDispatch(request, this.#options(signal));
      return this.#decode(response.dispatch);
    });
  }

  async get(id: number, { signal }: CallSignal = {}): Promise<Dispatch> {
    return this.#call({ dispatchId: id }, async () => {
      const request = { microgridId: this.#id(), dispatchId: encodeId(id, 'id') };
      const response = await this.#setup.rpc.getMicrogridDispatch(request, this.#options(signal));
      return this.#decode(response.dispatch);
    });
  }

  /** Changes a dispatch; returns it as the service stored it. */
  async update(id: number, changes: DispatchChanges, { signal }: CallSignal = {}): Promise<Dispatch> {
    return this.#call({ dispatchId: id }, async () => {
      const request = encodeUpdate(this.microgridId, id, changes);
      const response = await this.#setup.rpc.updateMicrogridDispatch(request, this.#options(signal));
      return this.#decode(response.dispatch);
    });
  }

  async delete(id: number, { signal }: CallSignal = {}): Promise<void> {
    await this.#call({ dispatchId: id }, async () => {
      const request = { microgridId: this.#id(), dispatchId: encodeId(id, 'id') };
      await this.#setup.rpc.deleteMicrogridDispatch(request, this.#options(signal));
    });
  }

  /** Lists dispatches, following the pages. Throws at the first that cannot be read: nothing is left out silently. */
  async *list({ signal, ...options }: ListOptions & CallSignal = {}): AsyncGenerator<Dispatch, void, void> {
    for await (const { dispatches, problems } of this.listPages({ ...options, ...(signal && { signal }) })) {
      for (const record of dispatches) yield new Dispatch(record);
      for (const problem of problems) throw problem;
    }
  }

  /** Follows one stream of changes from now on. Throws when it is lost, also when the service ends it. */
  async *watch({ signal }: CallSignal = {}): AsyncGenerator<DispatchEvent, void, void> {
    for await (const change of this.watchRecords({ ...(signal && { signal }) })) {
      if (change.kind === 'problem') throw change.problem;
      yield { type: change.kind, dispatch: new Dispatch(change.dispatch, { deleted: change.kind === 'deleted' }) };
    }
  }

  /** Lists page by page, and asks for the next one while a page is worked off; what cannot be read is told beside the rest. */
  async *listPages(options: ListOptions & CallSignal): AsyncGenerator<DispatchPage, void, void> {
    let next: Promise<ListedPage> | undefined = this.#listPage(options, undefined);
    while (next !== undefined) {
      const { page, nextPageToken }: ListedPage = await next;
      next = nextPageToken ? this.#listPage(options, nextPageToken) : undefined;
      // Whoever wants no more pages need not hear that the next one failed.
      next?.catch(() => {});
      yield page;
    }
  }

  /** Opens a stream of changes at once; what cannot be read is told in its place. */
  watchRecords({ signal }: CallSignal = {}): DispatchWatch {
    const { rpc, streamTimeoutMs } = this.#setup;
    const ids = { microgridId: this.microgridId };
    const decode = (message: StreamMicrogridDispatchesResponse) => this.#decodeChange(message);
    let headersCame = () => {};
    const headers = new Promise<void>(resolve => {
      headersCame = resolve;
    });
    const options = { deadline: streamTimeoutMs, onHeader: () => headersCame(), ...(signal && { signal }) };
    const messages = rpc.streamMicrogridDispatches({ microgridId: this.#id() }, options)[Symbol.asyncIterator]();
    // The call begins when the first message is asked for.
    const first = messages.next();
    const opened = Promise.race([headers, first.then(() => {})]).catch(error => {
      throw toDispatchError(error, ids);
    });
    // Whoever iterates hears of a failure; whoever does not wait for the headers need not.
    opened.catch(() => {});
    return {
      opened,
      async *[Symbol.asyncIterator]() {
        try {
          for (let next = await first; !next.done; next = await messages.next()) yield decode(next.value);
        } catch (error) {
          throw toDispatchError(error, ids);
        } finally {
          await messages.return?.();
        }
        throw new DispatchError('UNAVAILABLE', 'the service ended the stream', ids);
      },
    };
  }

  #id(): bigint {
    try {
      return encodeId(this.microgridId, 'microgridId');
    } catch (error) {
      throw toDispatchError(error, { microgridId: this.microgridId });
    }
  }

  #options(signal: AbortSignal | undefined): CallOptions & DeadlineOptions {
    return { deadline: this.#setup.callTimeoutMs, ...(signal && { signal }) };
  }

  async #call<T>(ids: DispatchErrorDetails, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toDispatchError(error, { microgridId: this.microgridId, ...ids });
    }
  }

  #decode(message: DispatchMessage | undefined): Dispatch {
    if (message === undefined) throw undecodable('dispatch', 'is missing in the answer');
    return new Dispatch(decodeDispatch(message, this.microgridId));
  }

  async #listPage(
    { signal, ...options }: ListOptions & CallSignal,
    pageToken: string | undefined,
  ): Promise<ListedPage> {
    const response = await this.#call({}, () =>
      this.#setup.rpc.listMicrogridDispatches(encodeList(this.microgridId, options, pageToken), this.#options(signal)),
    );
    return { page: this.#decodePage(response.dispatches), nextPageToken: response.paginationInfo?.nextPageToken };
  }

  #decodePage(messages: readonly DispatchMessage[]): DispatchPage {
    const [dispatches, problems]: [DispatchRecord[], DispatchError[]] = [[], []];
    for (const message of messages) {
      const read = readOrProblem(() => decodeDispatch(message, this.microgridId));
      if (read instanceof DispatchError) problems.push(read);
      else dispatches.push(read);
    }
    return { dispatches, problems };
  }

  #decodeChange({ dispatch, event }: StreamMicrogridDispatchesResponse): DispatchChange {
    const read = readOrProblem((): DispatchChange => {
      const kind = eventKinds.get(event);
      if (kind === undefined) throw undecodable('event', `is ${event}, which this version does not know`);
      if (dispatch === undefined) throw undecodable('dispatch', 'is missing in an event');
      return { kind, dispatch: decodeDispatch(dispatch, this.microgridId) };
    });
    if (!(read instanceof DispatchError)) return read;
    const deletedId = event === Event.DELETED ? read.dispatchId : undefined;
    return { kind: 'problem', problem: read, ...(deletedId !== undefined && { deletedId }) };
  }
}

function readOrProblem<T>(read: () => T): T | DispatchError {
  try {
    return read();
  } catch (error) {
    if (error instanceof DispatchError) return error;
    throw error;
  }
}
