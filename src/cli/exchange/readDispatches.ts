import { createReadStream, ReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { messageOf } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { parseJsonObject } from '../../planning/text/parsePayload.js';
import { stdin } from '../input/stdin.js';
import { OperationFailed } from '../operationFailed.js';
import { planFromJson } from './readJsonLines.js';

const EPOCH = '1970-01-01T00:00:00.000000000Z';

/**
 * Reads dispatches from a file of JSON lines, as `list --json` and `export` print them, one after the other. Only `type`, `startTime` and
 * `selector` are required; a dispatch without an id gets the number of its line, and one without a microgrid is of the given one.
 *
 * @param path - `-` for stdin.
 * @throws OperationFailed that names the line and the field that is wrong.
 */
export async function* readDispatches(path: string, microgridId: number): AsyncGenerator<DispatchRecord> {
  const input = path === '-' ? stdin() : createReadStream(path);
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      if (text.trim() !== '') yield recordOf(text, { id: line, microgridId });
    }
  } catch (error) {
    if (line === 0) throw OperationFailed.ofFile(`cannot read ${path}`, error);
    throw new OperationFailed('INVALID_ARGUMENT', `line ${line} of ${path}: ${messageOf(error)}`);
  } finally {
    if (input instanceof ReadStream) input.destroy();
  }
}

function recordOf(text: string, other: { readonly id: number; readonly microgridId: number }): DispatchRecord {
  const json = parseJsonObject(text);
  const { id = other.id, microgridId = other.microgridId } = json;
  return {
    ...planFromJson(json),
    id: idOf('id', id),
    microgridId: idOf('microgridId', microgridId),
    createTime: EPOCH,
    updateTime: EPOCH,
    // A service forgets a dispatch some time after its end; here it does not matter.
    endTimeMs: null,
  };
}

function idOf(field: string, value: unknown): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw new RangeError(`${field} must be an integer of 0 or more, got ${JSON.stringify(value)}`);
}
