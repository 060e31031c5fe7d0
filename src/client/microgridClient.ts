import type { DispatchPage, DispatchWatch } from '../../machines/protocol/transport.js';
import type {
  Dispatch as DispatchMessage,
  MicrogridDispatchServiceClient,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatch, type DispatchEvent } from '../dispatch.js';
import { DispatchError } from '../model/dispatchError.js';
import { encodeId } from '../wire/integerCodec.js';
import { decodeAnswer, decodeChange, decodePage } from './answers.js';
import {
  type DispatchChanges,
  encodeCreate,
  encodeList,
  encodeUpdate,
  type ListOptions,
  type NewDispatch,
} from './requests.js';
import type { ServiceCalls, UnaryCall } from './serviceCalls.js';
import { toDispatchError } from './toDispatchError.js';

/** What every call takes. */
export interface CallSignal {
  /** Ends the call, also while it waits to be tried again; it rejects with the reason, by default an `AbortError`. */
  readonly signal?: AbortSignal;
}

/** How {@link MicrogridClient.listPages} lists. */
export interface ListPagesOptions extends ListOptions, CallSignal {
  /** False: each page is asked for once. @default as the client does */
  readonly retry?: false;
}

/** How a {@link MicrogridClient} calls. */
export interface MicrogridClientSetup {
  readonly rpc: MicrogridDispatchServiceClient;
  readonly calls: ServiceCalls;
}

interface ListedPage {
  readonly page: DispatchPage;
  /** Missing or empty on the last page. */
  readonly nextPageToken: string | undefined;
}

/**
 * The calls of the dispatch service for one microgrid.
 *
 * Every failure is a `DispatchError`: `NOT_FOUND` for an unknown id, `INVALID_ARGUMENT` for what the contract or the
 * service refuses, `UNAUTHENTICATED` for wrong credentials, `UNAVAILABLE` when the service cannot be reached,
 * `DEADLINE_EXCEEDED`, `UNDECODABLE` for an answer that this version cannot represent, `STOPPED` when the client is
 * closed, and the other gRPC status names. A call whose signal aborts rejects with the reason of that.
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
    const { rpc } = this.#setup;
    return this.#call({
      kind: 'write',
      signal,
      encode: () => encodeCreate(this.microgridId, dispatch),
      send: async (request, options) => this.#decode((await rpc.createMicrogridDispatch(request, options)).dispatch),
    });
  }

  async get(id: number, { signal }: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup;
    return this.#call({
      kind: 'read',
      id,
      signal,
      encode: () => this.#encodeIds(id),
      send: async (request, options) => this.#decode((await rpc.getMicrogridDispatch(request, options)).dispatch),
    });
  }

  /** Changes a dispatch; returns it as the service stored it. */
  async update(id: number, changes: DispatchChanges, { signal }: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup;
    return this.#call({
      kind: 'write',
      id,
      signal,
      encode: () => encodeUpdate(this.microgridId, id, changes),
      send: async (request, options) => this.#decode((await rpc.updateMicrogridDispatch(request, options)).dispatch),
    });
  }

  async delete(id: number, { signal }: CallSignal = {}): Promise<void> {
    const { rpc } = this.#setup;
    await this.#call({
      kind: 'write',
      id,
      signal,
      encode: () => this.#encodeIds(id),
      send: (request, options) => rpc.deleteMicrogridDispatch(request, options),
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
  async *listPages(options: ListPagesOptions): AsyncGenerator<DispatchPage, void, void> {
    // Whoever wants no more pages leaves none behind that is still asked for.
    using walk = this.#setup.calls.sequence({ signal: options.signal, ids: this.#ids() });
    let next: Promise<ListedPage> | undefined = this.#listPage(options, walk.signal, undefined);
    while (next !== undefined) {
      const { page, nextPageToken }: ListedPage = await next;
      next = nextPageToken ? this.#listPage(options, walk.signal, nextPageToken) : undefined;
      // Whoever wants no more pages need not hear that the next one failed.
      next?.catch(() => {});
      yield page;
    }
  }

  /** Opens a stream of changes at once; what cannot be read is told in its place. */
  watchRecords({ signal }: CallSignal = {}): DispatchWatch {
    const { rpc, calls } = this.#setup;
    const request = { microgridId: this.#encodeId() };
    const ids = this.#ids();
    const decode = (message: StreamMicrogridDispatchesResponse) => decodeChange(message, this.microgridId);
    let headersCame = () => {};
    const headers = new Promise<void>(resolve => {
      headersCame = resolve;
    });
    const messages = calls.stream({
      ids,
      signal,
      open: options => rpc.streamMicrogridDispatches(request, options),
      onOpen: () => headersCame(),
    });
    // The call begins when the first message is asked for.
    const first = messages.next();
    const opened = Promise.race([headers, first.then(() => {})]);
    // Whoever iterates hears of a failure; whoever does not wait for the headers need not.
    opened.catch(() => {});
    return {
      opened,
      async *[Symbol.asyncIterator]() {
        try {
          for (let next = await first; !next.done; next = await messages.next()) yield decode(next.value);
        } finally {
          await messages.return();
        }
        throw new DispatchError('UNAVAILABLE', 'the service ended the stream', ids);
      },
    };
  }

  #call<Request, Answer>({
    id,
    ...call
  }: Omit<UnaryCall<Request, Answer>, 'ids'> & { readonly id?: number }): Promise<Answer> {
    return this.#setup.calls.make({ ...call, ids: { ...this.#ids(), dispatchId: id } });
  }

  #ids() {
    return { microgridId: this.microgridId };
  }

  #encodeIds(id: number) {
    return { microgridId: encodeId(this.microgridId, 'microgridId'), dispatchId: encodeId(id, 'id') };
  }

  #encodeId(): bigint {
    try {
      return encodeId(this.microgridId, 'microgridId');
    } catch (error) {
      throw toDispatchError(error, this.#ids());
    }
  }

  #decode(message: DispatchMessage | undefined): Dispatch {
    return decodeAnswer(message, this.microgridId);
  }

  async #listPage(
    { signal: _, retry, ...list }: ListPagesOptions,
    signal: AbortSignal,
    pageToken: string | undefined,
  ): Promise<ListedPage> {
    const { rpc } = this.#setup;
    const { dispatches, paginationInfo } = await this.#call({
      kind: 'read',
      signal,
      retry,
      encode: () => encodeList(this.microgridId, list, pageToken),
      send: (request, options) => rpc.listMicrogridDispatches(request, options),
    });
    return { page: decodePage(dispatches, this.microgridId), nextPageToken: paginationInfo?.nextPageToken };
  }
}
