import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { printable } from '../../planning/text/printable.js';
import { styleNames } from '../timeline/barText.js';
import { countRuns } from '../timeline/countRuns.js';
import { componentsText } from '../timeline/lanesOf.js';
import { type Present, styleOf } from '../timeline/layoutLane.js';
import type { Segment } from '../timeline/segment.js';

const columns = ['from', 'to', 'dispatch', 'type', 'components', 'state', 'runs'];

/** Number of runs of a part. */
const partSize = 1_024;

/**
 * Rows as comma-separated values (RFC 4180), in parts, with times in UTC; an end that there is not is empty, and `runs` is how many runs a
 * row stands for. After each part it yields the number of rows that are done.
 */
export function* csvOf(rows: readonly Segment[], present: Present): Generator<number, string[], void> {
  const parts = [`${columns.join(',')}\r\n`];
  // Most dispatches have several rows.
  const known = new Map<DispatchRecord, string>();
  const textOf = (record: DispatchRecord) => {
    let text = known.get(record);
    if (text === undefined) {
      text = [String(record.id), printable(record.type), componentsText(record)].map(fieldOf).join(',');
      known.set(record, text);
    }
    return text;
  };
  let lines: string[] = [];
  let counted = 0;
  for (const [index, segment] of rows.entries()) {
    const { run, startMs, endMs } = segment;
    const state = styleNames[styleOf(segment, present)];
    const count = countRuns(run, segment);
    lines.push(`${timeText(startMs)},${timeText(endMs)},${textOf(run.record)},${fieldOf(state)},${count}\r\n`);
    counted += count;
    if (counted < partSize && index < rows.length - 1) continue;
    parts.push(lines.join(''));
    lines = [];
    counted = 0;
    yield index + 1;
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
