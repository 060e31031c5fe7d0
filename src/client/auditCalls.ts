import type { CallOptions } from 'nice-grpc-common';
import { DispatchError } from '../model/dispatchError.js';
import {
  type AuditEntry,
  type AuditOptions,
  decodeAuditEntry,
  encodeFollowAudit,
  encodeListAudit,
  type FollowAuditOptions,
} from './audit.js';
import { encodedRequest, type MicrogridClientSetup } from './recordWatch.js';
import type { CallSignal } from './serviceCalls.js';

/** Lists the audit of a microgrid over all pages; see `MicrogridClient.audit`. */
export async function* listAudit(
  { connection, calls }: MicrogridClientSetup,
  microgridId: number,
  { signal, ...options }: AuditOptions & CallSignal,
): AsyncGenerator<AuditEntry, void, void> {
  const ids = { microgridId };
  // When the consumer stops early, the pending request is cancelled.
  const walk = calls.sequence({ signal, ids });
  try {
    let pageToken = '';
    do {
      const { entries, nextPageToken } = await calls.make({
        method: 'listAudit',
        kind: 'read',
        ids,
        signal: walk.signal,
        encode: () => encodeListAudit(microgridId, options, pageToken),
        send: (request, callOptions) => connection.operations.listAudit(request, callOptions),
      });
      for (const entry of entries) yield decodeAuditEntry(entry);
      pageToken = nextPageToken;
    } while (pageToken !== '');
  } finally {
    walk.end();
  }
}

/** Yields the entries of the audit of a microgrid as they are written; see `MicrogridClient.followAudit`. */
export async function* followAudit(
  { connection, calls }: MicrogridClientSetup,
  microgridId: number,
  { signal, ...options }: FollowAuditOptions & CallSignal,
): AsyncGenerator<AuditEntry, void, void> {
  const ids = { microgridId };
  const request = encodedRequest(() => encodeFollowAudit(microgridId, options), ids);
  const open = (callOptions: CallOptions) => connection.operations.followAudit(request, callOptions);
  for await (const { entry } of calls.stream({ method: 'followAudit', ids, signal, open, onOpen: () => {} })) {
    yield decodeAuditEntry(entry);
  }
  throw new DispatchError('UNAVAILABLE', 'the service ended the stream', ids);
}
