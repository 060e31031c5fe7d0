import { Metadata } from '@grpc/grpc-js';

import { Dispatch } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type {
  AuditEntry as AuditEntryMessage,
  FollowAuditRequest,
  OperationsDefinition,
} from '../../../proto/gen/xstate_dispatch/v1/operations.js';
import { DispatchError } from '../../model/dispatchError.js';
import { SERVER_TIME } from '../../wire/logPosition.js';
import { ANYBODY } from '../access/keyRing.js';
import type { ReadShares } from '../access/readShares.js';
import type { AuditEntry } from '../domain/audit.js';
import type { DispatchStore } from '../domain/dispatchStore.js';
import { readAuditFilter, readAuditRequest } from '../domain/readAuditRequest.js';
import { readId } from '../domain/requestIds.js';
import { timestampOfMicros } from '../domain/timestamps.js';
import type { ChangeFeed } from '../feed/changeFeed.js';
import type { Handlers } from './handlers.js';
import type { ServedCall } from './servedCall.js';

/** Maximum bytes of dispatches on a page: clients accept messages of 4 MB. */
const MAX_PAGE_BYTES = 3_000_000;
/** Entries that a stream reads at a time. */
const FOLLOWED_AT_ONCE = 100;

/** Implements `xstate_dispatch.v1.Operations` on a store and the feed of its changes; whatever reads the audit takes the share of its key. */
export function operationsHandlers(
  store: DispatchStore,
  feed: ChangeFeed,
  reads: ReadShares,
): Handlers<OperationsDefinition> {
  return {
    async whoami(_request, { access: { apiKey } }) {
      const { name, microgrids, access, audit = false } = apiKey;
      return {
        keyName: apiKey === ANYBODY ? undefined : name,
        allMicrogrids: microgrids === 'all',
        microgridIds: microgrids === 'all' ? [] : Array.from(microgrids, BigInt),
        mayWrite: access !== 'read',
        mayReadAudit: audit,
        serverTime: timestampOfMicros(Date.now() * 1000),
      };
    },

    async listAudit(request, call) {
      const { query, limit } = readAuditRequest(request);
      const list = () => store.audit(readId(request.microgridId), query, limit, MAX_PAGE_BYTES);
      const { entries, more } = await reads.run(call, list);
      return { entries: entries.map(encodeEntry), nextPageToken: more ? String(entries.at(-1)?.seq) : '' };
    },

    followAudit: (request, call) => followAudit({ store, feed, reads }, request, call),
  };
}

/** The change feed tells when there are new entries, and ends the stream when the log goes back. */
async function* followAudit(
  { store, feed, reads }: { store: DispatchStore; feed: ChangeFeed; reads: ReadShares },
  request: FollowAuditRequest,
  call: ServedCall,
) {
  const microgridId = readId(request.microgridId);
  const filter = readAuditFilter(request.filter);
  const stream = await feed.open(microgridId, call.signal);
  try {
    let toSeq = stream.position;
    let seq = request.afterSeq === undefined ? toSeq : Number(request.afterSeq);
    if (seq > toSeq) {
      const message = `after_seq: the change log of the microgrid ends at ${toSeq}`;
      throw new DispatchError('FAILED_PRECONDITION', message, { field: 'after_seq' });
    }
    const headers = new Metadata();
    headers.set(SERVER_TIME, new Date().toISOString());
    call.sendHeaders(headers);
    for (;;) {
      while (seq < toSeq) {
        const query = { filter, oldestFirst: true, after: seq };
        const list = () => store.audit(microgridId, query, FOLLOWED_AT_ONCE, MAX_PAGE_BYTES);
        const { entries, more } = await reads.run(call, list);
        for (const entry of entries) yield { entry: encodeEntry(entry) };
        const lastSeq = entries.at(-1)?.seq ?? seq;
        seq = more ? lastSeq : Math.max(lastSeq, toSeq);
      }
      toSeq = (await stream.next()).seq;
    }
  } finally {
    stream.close();
  }
}

function encodeEntry(entry: AuditEntry): AuditEntryMessage {
  const { microgridId, seq, atUs, keyName, method, requestId, note, dispatchId, before, after } = entry;
  return {
    microgridId: BigInt(microgridId),
    seq: BigInt(seq),
    time: timestampOfMicros(atUs),
    keyName: keyName ?? undefined,
    method,
    requestId: requestId ?? undefined,
    note: note ?? undefined,
    dispatchId: BigInt(dispatchId),
    before: before === null ? undefined : Dispatch.decode(before),
    after: after === null ? undefined : Dispatch.decode(after),
  };
}
