import type {
  AuditEntry as AuditEntryMessage,
  AuditFilter as AuditFilterMessage,
  FollowAuditRequest,
  ListAuditRequest,
  WhoamiResponse,
} from '../../proto/gen/xstate_dispatch/v1/operations.js';
import { Dispatch } from '../dispatch.js';
import { decodeDispatch } from '../wire/dispatchCodec.js';
import { decodeId, encodeId, encodeUint32 } from '../wire/integerCodec.js';
import { decodeInstantMs, encodeInstantMs } from '../wire/timestampCodec.js';
import { undecodable } from '../wire/undecodable.js';

/** Which key a client calls with, and what it may do: `xstate_dispatch.v1.Operations.Whoami`. */
export interface CallerRights {
  /** Name of the key; null when the service needs no keys. */
  readonly keyName: string | null;
  /** Ids of the microgrids that the key may read and change. */
  readonly microgrids: 'all' | readonly number[];
  readonly mayWrite: boolean;
  readonly mayReadAudit: boolean;
  /** Time of the service when it answered. */
  readonly serverTime: Date;
}

/** One change of a dispatch, as the audit of the service keeps it. */
export interface AuditEntry {
  readonly microgridId: number;
  /** Number of the change in the change log of the microgrid: 1, 2, 3, … */
  readonly seq: number;
  /** Version of the change: the `updateTime` of the dispatch after it, in whole milliseconds. */
  readonly time: Date;
  /** Name of the key; null when the service needed none. */
  readonly keyName: string | null;
  /** Method of the contract, such as `UpdateMicrogridDispatch`. */
  readonly method: string;
  readonly requestId: string | null;
  /** Note of the caller. */
  readonly note: string | null;
  readonly dispatchId: number;
  /** The dispatch before the change; null for a creation. */
  readonly before: Dispatch | null;
  /** The dispatch after the change; null for a deletion. */
  readonly after: Dispatch | null;
}

/** Filter of an audit: an entry must match each part that is given. */
export interface AuditFilter {
  /** Entries of these dispatches. */
  readonly ids?: readonly number[] | undefined;
  /** Entries of the keys with these names. */
  readonly keyNames?: readonly string[] | undefined;
  /** Entries of these methods, such as `UpdateMicrogridDispatch`. */
  readonly methods?: readonly string[] | undefined;
  /** Entries from this instant on. */
  readonly from?: Date | undefined;
  /** Entries before this instant. */
  readonly to?: Date | undefined;
}

/** Options of a list of audit entries. */
export interface AuditOptions extends AuditFilter {
  /** @default newest first */
  readonly oldestFirst?: boolean | undefined;
  /** Entries per page. @default chosen by the service */
  readonly pageSize?: number | undefined;
}

/** Options of a stream of audit entries. */
export interface FollowAuditOptions extends AuditFilter {
  /** `seq` of the entry after which the stream begins; 0: at the oldest one. @default entries from now on */
  readonly afterSeq?: number | undefined;
}

/** @throws RangeError that names the field when the contract cannot represent it. */
export function encodeListAudit(
  microgridId: number,
  { oldestFirst = false, pageSize = 0, ...filter }: AuditOptions,
  pageToken: string,
): ListAuditRequest {
  return {
    microgridId: encodeId(microgridId, 'microgridId'),
    filter: encodeFilter(filter),
    pageSize: encodeUint32(pageSize, 'pageSize'),
    pageToken,
    oldestFirst,
  };
}

/** @throws RangeError that names the field when the contract cannot represent it. */
export function encodeFollowAudit(
  microgridId: number,
  { afterSeq, ...filter }: FollowAuditOptions,
): FollowAuditRequest {
  return {
    microgridId: encodeId(microgridId, 'microgridId'),
    filter: encodeFilter(filter),
    afterSeq: afterSeq === undefined ? undefined : encodeId(afterSeq, 'afterSeq'),
  };
}

function encodeFilter({ ids = [], keyNames = [], methods = [], from, to }: AuditFilter): AuditFilterMessage {
  return {
    dispatchIds: ids.map((id, index) => encodeId(id, `ids[${index}]`)),
    keyNames: [...keyNames],
    methods: [...methods],
    fromTime: from && encodeInstantMs(from.getTime(), 'from'),
    toTime: to && encodeInstantMs(to.getTime(), 'to'),
  };
}

/** @throws DispatchError `UNDECODABLE` when this version cannot represent it. */
export function decodeAuditEntry(entry: AuditEntryMessage | undefined): AuditEntry {
  if (entry?.time === undefined) throw undecodable(entry ? 'time' : 'entry', 'is missing in the audit');
  const { time, keyName = null, method, requestId = null, note = null, before, after } = entry;
  const microgridId = decodeId(entry.microgridId, 'microgrid_id');
  const dispatchId = decodeId(entry.dispatchId, 'dispatch_id');
  const dispatch = (message: typeof before, deleted: boolean) =>
    message === undefined ? null : new Dispatch(decodeDispatch(message, microgridId), { deleted });
  return {
    microgridId,
    seq: decodeId(entry.seq, 'seq'),
    time: new Date(decodeInstantMs(time, 'time')),
    keyName,
    method,
    requestId,
    note,
    dispatchId,
    before: dispatch(before, after === undefined),
    after: dispatch(after, false),
  };
}

/** @throws DispatchError `UNDECODABLE` when this version cannot represent it. */
export function decodeRights(response: WhoamiResponse): CallerRights {
  const { keyName = null, allMicrogrids, microgridIds, mayWrite, mayReadAudit, serverTime } = response;
  if (serverTime === undefined) throw undecodable('server_time', 'is missing');
  return {
    keyName,
    microgrids: allMicrogrids ? 'all' : microgridIds.map((id, index) => decodeId(id, `microgrid_ids[${index}]`)),
    mayWrite,
    mayReadAudit,
    serverTime: new Date(decodeInstantMs(serverTime, 'server_time')),
  };
}
