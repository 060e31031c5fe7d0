import type { DispatchPage } from '../../machines/protocol/transport.js';
import type { Dispatch as DispatchMessage } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatch, type DispatchEvent } from '../dispatch.js';
import { encodeId } from '../wire/integerCodec.js';
import { decodeAnswer, decodePage } from './answers.js';
import type { AuditEntry, AuditOptions, FollowAuditOptions } from './audit.js';
import { followAudit, listAudit } from './auditCalls.js';
import { isTooLarge } from './messageSize.js';
import {
  type MicrogridClientSetup,
  openRecordWatch,
  type RecordWatch,
  type WatchRecordsOptions,
} from './recordWatch.js';
import {
  type DispatchChanges,
  encodeCreate,
  encodeList,
  encodeUpdate,
  type ListOptions,
  type NewDispatch,
} from './requests.js';
import type { CallSignal, UnaryCall, WriteOptions } from './serviceCalls.js';

/** Options of {@link MicrogridClient.listPages}. */
export interface ListPagesOptions extends ListOptions, CallSignal {
  /** False: pages are not retried. @default the option of the client */
  readonly retry?: false;
}

/** Assumed number of dispatches on a page whose size the service has chosen. */
const likelyPageSize = 100;

interface ListedPage {
  readonly page: DispatchPage;
  /** Missing or empty on the last page. */
  readonly nextPageToken: string | undefined;
}

/**
 * The calls of the dispatch service for one microgrid.
 *
 * Every failure is a `DispatchError`: `NOT_FOUND` for an unknown id, `INVALID_ARGUMENT` for what the contract or the
 * service does not accept, `UNAUTHENTICATED` for wrong credentials, `UNAVAILABLE` when the service cannot be reached,
 * `DEADLINE_EXCEEDED`, `UNDECODABLE` for a response that this version cannot represent, `STOPPED` when the client is
 * closed, and the other gRPC status names. A call whose signal aborts rejects with the reason of the signal.
 */
export class MicrogridClient {
  readonly microgridId: number;
  readonly #setup: MicrogridClientSetup;

  /** Created by `DispatchClient.forMicrogrid`. */
  constructor(microgridId: number, setup: MicrogridClientSetup) {
    this.microgridId = microgridId;
    this.#setup = setup;
  }

  /** Creates a dispatch; returns it as the service stored it. */
  async create(dispatch: NewDispatch, { signal, note }: WriteOptions = {}): Promise<Dispatch> {
    const { rpc } = this.#setup.connection;
    return this.#call({
      method: 'createMicrogridDispatch',
      kind: 'write',
      signal,
      note,
      encode: () => encodeCreate(this.microgridId, dispatch),
      send: async (request, options) => this.#decode((await rpc.createMicrogridDispatch(request, options)).dispatch),
    });
  }

  async get(id: number, { signal }: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup.connection;
    return this.#call({
      method: 'getMicrogridDispatch',
      kind: 'read',
      id,
      signal,
      encode: () => this.#encodeIds(id),
      send: async (request, options) => this.#decode((await rpc.getMicrogridDispatch(request, options)).dispatch),
    });
  }

  /** Updates a dispatch; returns it as the service stored it. */
  async update(id: number, changes: DispatchChanges, { signal, note }: WriteOptions = {}): Promise<Dispatch> {
    const { rpc } = this.#setup.connection;
    return this.#call({
      method: 'updateMicrogridDispatch',
      kind: 'write',
      id,
      signal,
      note,
      encode: () => encodeUpdate(this.microgridId, id, changes),
      send: async (request, options) => this.#decode((await rpc.updateMicrogridDispatch(request, options)).dispatch),
    });
  }

  async delete(id: number, { signal, note }: WriteOptions = {}): Promise<void> {
    const { rpc } = this.#setup.connection;
    await this.#call({
      method: 'deleteMicrogridDispatch',
      kind: 'write',
      id,
      signal,
      note,
      encode: () => this.#encodeIds(id),
      send: (request, options) => rpc.deleteMicrogridDispatch(request, options),
    });
  }

  /** Lists dispatches over all pages. Throws at the first one that cannot be decoded: nothing is left out silently. */
  async *list({ signal, ...options }: ListOptions & CallSignal = {}): AsyncGenerator<Dispatch, void, void> {
    for await (const { dispatches, problems } of this.listPages({ ...options, ...(signal && { signal }) })) {
      for (const record of dispatches) yield new Dispatch(record);
      for (const problem of problems) throw problem;
    }
  }

  /** Yields the changes of one stream, from now on. Throws when the stream is lost, also when the service ends it. */
  async *watch({ signal }: CallSignal = {}): AsyncGenerator<DispatchEvent, void, void> {
    for await (const change of this.watchRecords({ ...(signal && { signal }) })) {
      if (change.kind === 'problem') throw change.problem;
      yield { type: change.kind, dispatch: new Dispatch(change.dispatch, { deleted: change.kind === 'deleted' }) };
    }
  }

  /** Lists the audit of the service over all pages: who changed what. `UNIMPLEMENTED`: the service has none. */
  audit(options: AuditOptions & CallSignal = {}): AsyncGenerator<AuditEntry, void, void> {
    return listAudit(this.#setup, this.microgridId, options);
  }

  /** Yields entries of the audit as they are written. Throws when the stream is lost, also when the service ends it. */
  followAudit(options: FollowAuditOptions & CallSignal = {}): AsyncGenerator<AuditEntry, void, void> {
    return followAudit(this.#setup, this.microgridId, options);
  }

  /**
   * Lists page by page, requesting the next page while one is processed; what cannot be decoded is returned as problems. When a page is
   * larger than a message may be, the list begins again with half the dispatches per page, and returns only what is new.
   */
  async *listPages(options: ListPagesOptions): AsyncGenerator<DispatchPage, void, void> {
    // When the consumer stops early, the pending request is cancelled.
    const walk = this.#setup.calls.sequence({ signal: options.signal, ids: this.#ids() });
    try {
      const listedIds = new Set<number>();
      for (let { pageSize } = options; ; pageSize = Math.floor((pageSize ?? likelyPageSize) / 2)) {
        try {
          yield* this.#walkPages(pageSize === undefined ? options : { ...options, pageSize }, walk.signal, listedIds);
          return;
        } catch (error) {
          if (!isTooLarge(error) || pageSize === 1) throw error;
        }
      }
    } finally {
      walk.end();
    }
  }

  /**
   * Opens a stream of changes at once; what cannot be decoded is yielded as a problem.
   *
   * @param options.resumeAfter - position of the last change that is known, after which the service is to go on if it can.
   */
  watchRecords(options: WatchRecordsOptions = {}): RecordWatch {
    return openRecordWatch(this.#setup, this.microgridId, options);
  }

  async *#walkPages(
    options: ListPagesOptions,
    signal: AbortSignal,
    listedIds: Set<number>,
  ): AsyncGenerator<DispatchPage, void, void> {
    let next: Promise<ListedPage> | undefined = this.#listPage(options, signal, undefined);
    while (next !== undefined) {
      const { page, nextPageToken }: ListedPage = await next;
      next = nextPageToken ? this.#listPage(options, signal, nextPageToken) : undefined;
      // When the consumer stops early, a failure of the next page is of no interest.
      next?.catch(() => {});
      yield unlisted(page, listedIds);
    }
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

  #decode(message: DispatchMessage | undefined): Dispatch {
    return decodeAnswer(message, this.microgridId);
  }

  async #listPage(
    { signal: _, retry, ...list }: ListPagesOptions,
    signal: AbortSignal,
    pageToken: string | undefined,
  ): Promise<ListedPage> {
    const { rpc } = this.#setup.connection;
    const { dispatches, paginationInfo } = await this.#call({
      method: 'listMicrogridDispatches',
      kind: 'read',
      signal,
      retry,
      encode: () => encodeList(this.microgridId, list, pageToken),
      send: (request, options) => rpc.listMicrogridDispatches(request, options),
    });
    return { page: decodePage(dispatches, this.microgridId), nextPageToken: paginationInfo?.nextPageToken };
  }
}

/** What of a page is not listed yet; adds its ids. */
function unlisted({ dispatches, problems }: DispatchPage, listedIds: Set<number>): DispatchPage {
  const isNew = (id: number | undefined) => {
    if (id === undefined) return true;
    const sizeBefore = listedIds.size;
    return listedIds.add(id).size > sizeBefore;
  };
  return {
    dispatches: dispatches.filter(({ id }) => isNew(id)),
    problems: problems.filter(({ dispatchId }) => isNew(dispatchId)),
  };
}
