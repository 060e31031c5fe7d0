import { styleNames } from '../timeline/barText.js';
import { componentsText } from '../timeline/lanesOf.js';
import { type Present, styleOf } from '../timeline/layoutLane.js';
import type { Segment } from '../timeline/segment.js';

const columns = ['from', 'to', 'dispatch', 'type', 'components', 'state', 'several runs'];

/** Rows as comma-separated values (RFC 4180), with times in UTC; an end that there is not is empty. */
export function csvOf(rows: readonly Segment[], present: Present): string {
  const lines = rows.map(({ run, startMs, endMs, isCovered }) => [
    new Date(startMs).toISOString(),
    Number.isFinite(endMs) ? new Date(endMs).toISOString() : '',
    String(run.record.id),
    run.record.type,
    componentsText(run.record),
    styleNames[styleOf({ run, startMs, endMs, isCovered }, present)],
    run.isMerged ? 'yes' : 'no',
  ]);
  return [columns, ...lines].map(line => `${line.map(fieldOf).join(',')}\r\n`).join('');
}

function fieldOf(text: string): string {
  // A spreadsheet would take it for a formula and evaluate it.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
