import type { Dispatch as DispatchMessage } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatch, type DispatchEvent } from '../dispatch.js';
import { encodeId } from '../wire/integerCodec.js';
import { decodeAnswer } from './answers.js';
import type { AuditEntry, AuditOptions, FollowAuditOptions } from './audit.js';
import { followAudit, listAudit } from './auditCalls.js';
import { MicrogridReader } from './microgridReader.js';
import type { MicrogridClientSetup } from './recordWatch.js';
import { type DispatchChanges, encodeCreate, encodeUpdate, type ListOptions, type NewDispatch } from './requests.js';
import type { CallSignal, UnaryCall, WriteOptions } from './serviceCalls.js';

/**
 * The calls of the dispatch service for one microgrid.
 *
 * Every failure is a `DispatchError`: `NOT_FOUND` for an unknown id, `INVALID_ARGUMENT` for what the contract or the
 * service does not accept, `UNAUTHENTICATED` for wrong credentials, `UNAVAILABLE` when the service cannot be reached,
 * `DEADLINE_EXCEEDED`, `UNDECODABLE` for a response that this version cannot represent, `STOPPED` when the client is
 * closed, and the other gRPC status names. A call whose signal aborts rejects with the reason of the signal.
 */
export class MicrogridClient extends MicrogridReader {
  readonly #setup: MicrogridClientSetup;

  /** Created by `DispatchClient.forMicrogrid`. */
  constructor(microgridId: number, setup: MicrogridClientSetup) {
    super(microgridId, setup);
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

  #call<Request, Answer>({
    id,
    ...call
  }: Omit<UnaryCall<Request, Answer>, 'ids'> & { readonly id?: number }): Promise<Answer> {
    return this.#setup.calls.make({ ...call, ids: { microgridId: this.microgridId, dispatchId: id } });
  }

  #encodeIds(id: number) {
    return { microgridId: encodeId(this.microgridId, 'microgridId'), dispatchId: encodeId(id, 'id') };
  }

  #decode(message: DispatchMessage | undefined): Dispatch {
    return decodeAnswer(message, this.microgridId);
  }
}
