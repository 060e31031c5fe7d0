import pg from 'pg';
import { ListMicrogridDispatchesResponse } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { microsAtOrAfter } from '../../../src/service/domain/timestamps.js';
import { decodeLogPosition, encodeLogPosition } from '../../../src/wire/logPosition.js';
import { check } from '../figures.js';
import type { FollowedPart } from './follower.js';

/** An entry of a change log. */
export interface LogEntry {
  readonly microgridId: number;
  readonly seq: number;
  readonly id: number;
  readonly atUs: number;
  readonly isDeletion: boolean;
}

/** Reads what was written to the change logs since the database was filled. */
export async function readLogs(database: string, filledSeq: number): Promise<ReadonlyMap<number, readonly LogEntry[]>> {
  const client = new pg.Client(database);
  await client.connect();
  try {
    const { rows } = await client.query({
      text: `select microgrid_id, seq, dispatch_id, at_us, kind = 'deleted' from dispatch_change where seq > $1
        order by microgrid_id, seq`,
      values: [filledSeq],
      rowMode: 'array',
    });
    const logs = new Map<number, LogEntry[]>();
    for (const [microgridId, seq, id, atUs, isDeletion] of rows) {
      const log = logs.get(Number(microgridId)) ?? [];
      logs.set(Number(microgridId), log);
      const numbers = { microgridId: Number(microgridId), seq: Number(seq), id: Number(id), atUs: Number(atUs) };
      log.push({ ...numbers, isDeletion: isDeletion === true });
    }
    return logs;
  } finally {
    await client.end();
  }
}

/** What a follower made of a log that is right. */
export interface Delivered {
  /** Changes that came on its streams. */
  readonly received: number;
  /** Changes that came in its lists only. */
  readonly listed: number;
}

/**
 * Compares what a follower got with the change log of its microgrid: each entry came exactly once and in order, but for those between
 * two parts, which the list that came with the later part makes up for.
 *
 * @throws Error with the first difference.
 */
export function checkDelivery(
  microgridId: number,
  parts: readonly FollowedPart[],
  log: readonly LogEntry[],
): Delivered {
  const first = log[0]?.seq ?? 0;
  const entryAt = (seq: number) => log[seq - first];
  let seq: number | null = null;
  let [received, listed] = [0, 0];
  for (const { from, changes, list } of parts) {
    const head = decodeLogPosition(from)?.seq ?? 0;
    if (seq !== null) {
      check(list !== null && head >= seq, `microgrid ${microgridId} went on at ${from} after ${seq} without a list`);
      listed += checkList(microgridId, list, log, seq, head);
    }
    seq = head;
    for (const position of changes) {
      seq += 1;
      const entry = entryAt(seq);
      const expected = entry ? encodeLogPosition(entry) : 'nothing';
      check(position === expected, `microgrid ${microgridId} got ${position} in place of ${expected}`);
      received += 1;
    }
  }
  const last = log.at(-1);
  check(!last || seq === last.seq, `microgrid ${microgridId} got changes up to ${seq} of ${last?.seq}`);
  return { received, listed };
}

/** Checks that a list shows the entries between two positions; returns how many they are. */
function checkList(microgridId: number, list: Buffer, log: readonly LogEntry[], after: number, upTo: number): number {
  const { dispatches, paginationInfo } = ListMicrogridDispatchesResponse.decode(list);
  check(!paginationInfo?.nextPageToken, `microgrid ${microgridId} has more dispatches than fit on a page`);
  const updatedUs = new Map(
    dispatches.map(({ metadata }) => [
      Number(metadata?.dispatchId),
      metadata?.updateTime && microsAtOrAfter(metadata.updateTime),
    ]),
  );
  const gap = log.filter(({ seq }) => seq > after && seq <= upTo);
  for (const { seq, id, atUs, isDeletion } of gap) {
    // A later change of the same dispatch is in the list as well, or comes on the stream.
    if (log.some(later => later.seq > seq && later.id === id)) continue;
    check(
      updatedUs.get(id) === (isDeletion ? undefined : atUs),
      `a list of microgrid ${microgridId} lacks change ${seq}`,
    );
  }
  return gap.length;
}
