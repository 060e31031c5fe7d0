import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { styleNames } from '../timeline/barText.js';
import { componentsText } from '../timeline/lanesOf.js';
import { type Present, styleOf } from '../timeline/layoutLane.js';
import type { Segment } from '../timeline/segment.js';

const columns = ['from', 'to', 'dispatch', 'type', 'components', 'state', 'several runs'];

/** Number of rows of a part. */
const partSize = 1_024;

/**
 * Rows as comma-separated values (RFC 4180), in parts, with times in UTC; an end that there is not is empty. After each part it yields the number of
 * rows that are done.
 */
export function* csvOf(rows: readonly Segment[], present: Present): Generator<number, string[], void> {
  const parts = [`${columns.join(',')}\r\n`];
  // Most dispatches have several rows.
  const known = new Map<DispatchRecord, string>();
  const textOf = (record: DispatchRecord) => {
    let text = known.get(record);
    if (text === undefined) {
      text = [String(record.id), record.type, componentsText(record)].map(fieldOf).join(',');
      known.set(record, text);
    }
    return text;
  };
  for (let done = 0; done < rows.length; done += partSize) {
    const lines = rows.slice(done, done + partSize).map(segment => {
      const { run, startMs, endMs } = segment;
      const state = styleNames[styleOf(segment, present)];
      return `${timeText(startMs)},${timeText(endMs)},${textOf(run.record)},${fieldOf(state)},${run.isMerged ? 'yes' : 'no'}\r\n`;
    });
    parts.push(lines.join(''));
    yield done + lines.length;
  }
  return parts;
}

function timeText(atMs: number): string {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : '';
}

function fieldOf(text: string): string {
  // A spreadsheet would take it for a formula and evaluate it.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
