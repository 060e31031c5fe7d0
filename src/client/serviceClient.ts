import type { Dispatch, DispatchEvent } from '../dispatch.js';
import type { Waiting } from './attempts.js';
import {
  type AuditEntry,
  type AuditOptions,
  type CallerRights,
  decodeRights,
  type FollowAuditOptions,
} from './audit.js';
import type { Connection } from './connection.js';
import { MicrogridClient } from './microgridClient.js';
import type { DispatchChanges, ListOptions, NewDispatch } from './requests.js';
import type { CallSignal, WriteOptions } from './serviceCalls.js';
import { type CallsOptions, type OpenedWay, openWay, ServiceReader, type Way } from './serviceReader.js';

/** The microgrid of a call of a {@link DispatchClient}. */
export interface InMicrogrid {
  readonly microgridId: number;
}

/** The dispatch of a call of a {@link DispatchClient}. */
export interface OfDispatch extends InMicrogrid {
  readonly id: number;
}

/** A client of the dispatch service, whichever way leads to it. Its calls are those of {@link MicrogridClient}. */
export class ServiceClient extends ServiceReader {
  readonly #way: OpenedWay<Connection>;

  /** @param open - opens the way to the service, when the other options are valid. */
  constructor(options: CallsOptions, waiting: Waiting, open: () => Way<Connection>) {
    const way = openWay(options, waiting, open);
    super(way);
    this.#way = way;
  }

  /** The same calls for one microgrid. */
  override forMicrogrid(microgridId: number): MicrogridClient {
    return new MicrogridClient(microgridId, this.#way);
  }

  create({ microgridId, signal, note, ...dispatch }: NewDispatch & InMicrogrid & WriteOptions): Promise<Dispatch> {
    return this.forMicrogrid(microgridId).create(dispatch, { note, ...(signal && { signal }) });
  }

  get({ microgridId, id, ...options }: OfDispatch & CallSignal): Promise<Dispatch> {
    return this.forMicrogrid(microgridId).get(id, options);
  }

  update({
    microgridId,
    id,
    changes,
    ...options
  }: OfDispatch & { changes: DispatchChanges } & WriteOptions): Promise<Dispatch> {
    return this.forMicrogrid(microgridId).update(id, changes, options);
  }

  delete({ microgridId, id, ...options }: OfDispatch & WriteOptions): Promise<void> {
    return this.forMicrogrid(microgridId).delete(id, options);
  }

  list({ microgridId, ...options }: ListOptions & InMicrogrid & CallSignal): AsyncGenerator<Dispatch, void, void> {
    return this.forMicrogrid(microgridId).list(options);
  }

  watch({ microgridId, ...options }: InMicrogrid & CallSignal): AsyncGenerator<DispatchEvent, void, void> {
    return this.forMicrogrid(microgridId).watch(options);
  }

  audit({ microgridId, ...options }: AuditOptions & InMicrogrid & CallSignal): AsyncGenerator<AuditEntry, void, void> {
    return this.forMicrogrid(microgridId).audit(options);
  }

  followAudit({
    microgridId,
    ...options
  }: FollowAuditOptions & InMicrogrid & CallSignal): AsyncGenerator<AuditEntry, void, void> {
    return this.forMicrogrid(microgridId).followAudit(options);
  }

  /** Asks the service which key this client calls with, and what it may do. `UNIMPLEMENTED`: the service cannot tell. */
  async whoami({ signal }: CallSignal = {}): Promise<CallerRights> {
    const { connection, calls } = this.#way;
    return calls.make({
      method: 'whoami',
      kind: 'read',
      ids: {},
      signal,
      encode: () => ({}),
      send: async (request, options) => decodeRights(await connection.operations.whoami(request, options)),
    });
  }
}
