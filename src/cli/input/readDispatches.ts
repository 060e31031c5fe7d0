import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { firstViolation, isId, isObject, recordChecks } from '../../../machines/protocol/recordCheck.js';
import { messageOf } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { OperationFailed } from '../operationFailed.js';

const EPOCH = '1970-01-01T00:00:00.000000000Z';

/**
 * Reads dispatches from a file of JSON lines, as `list --json` prints them. Only `id`, `type`, `startTime` and `selector` are required; a
 * dispatch without `active` is active, and one without `durationMs` has no end.
 *
 * @param path - `-` for stdin.
 * @param microgridId - of the dispatches that do not name theirs.
 * @throws OperationFailed that names the line and the field that is wrong.
 */
export async function* readDispatches(path: string, microgridId: number): AsyncGenerator<DispatchRecord> {
  const input = path === '-' ? process.stdin : createReadStream(path);
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      if (text.trim() !== '') yield recordOf(JSON.parse(text), microgridId);
    }
  } catch (error) {
    const where = line === 0 ? `cannot read ${path}` : `line ${line} of ${path}`;
    throw new OperationFailed(`${where}: ${messageOf(error)}`);
  } finally {
    if (input !== process.stdin) input.destroy();
  }
}

function recordOf(value: unknown, microgridId: number): DispatchRecord {
  if (!isObject(value)) throw new TypeError('it must be an object, such as {"id":1,…}');
  const { startTime, endTime = null, deleted: _, ...fields } = value;
  const record = {
    microgridId,
    durationMs: null,
    active: true,
    dryRun: false,
    payload: {},
    recurrence: null,
    createTime: EPOCH,
    updateTime: EPOCH,
    ...fields,
    startTimeMs: instantOf(startTime, 'startTime'),
    endTimeMs: endTime === null ? null : instantOf(endTime, 'endTime'),
  };
  const wrong = firstViolation(record, '', [...recordChecks, ['microgridId', isId, 'an integer of 0 or more']]);
  if (wrong !== null) throw new TypeError(wrong);
  return record as unknown as DispatchRecord;
}

function instantOf(value: unknown, field: string): number {
  const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new TypeError(`${field} must be a time such as 2026-04-01T14:00:00Z, not ${JSON.stringify(value)}`);
}
