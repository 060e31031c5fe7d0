import type { DispatchRecord } from '../model/dispatchRecord.js';
import { jsonEquals } from '../model/jsonEquals.js';
import { runAt } from '../model/schedule.js';
import { selectorEquals } from '../model/selector.js';

/** Tells what a change does to the runs that are on: sentences, none where there is nothing to tell. */
export function runningNotes(
  before: readonly DispatchRecord[],
  after: readonly DispatchRecord[],
  nowMs: number,
): string[] {
  const [was, is] = [runningAt(before, nowMs), runningAt(after, nowMs)];
  if (was === null) return is === null || before.length === 0 ? [] : ['It starts at once: its run is on now.'];
  if (is === null) return ['It is running, and is stopped by this.'];
  const stays =
    was.endMs === is.endMs && jsonEquals(was.payload, is.payload) && selectorEquals(was.selector, is.selector);
  return stays ? [] : ['It is running, and is reconfigured by this.'];
}

function runningAt(records: readonly DispatchRecord[], nowMs: number) {
  for (const record of records) {
    const run = runOf(record, nowMs);
    if (run !== null) return { ...record, endMs: run.endMs };
  }
  return null;
}

/** Null also when the rule cannot be evaluated: other services may store such a one. */
function runOf(record: DispatchRecord, nowMs: number) {
  try {
    return runAt(record, nowMs);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
