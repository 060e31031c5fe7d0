import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { runningNotes } from '../runningNotes.js';
import type { Change } from './planChanges.js';

/** Tells what writes do to the run of a group that is on: as {@link runningNotes}. What is created starts later. */
export function groupRunningNotes(
  records: readonly DispatchRecord[],
  changes: readonly Change[],
  nowMs: number,
): string[] {
  const after = records.flatMap(record => {
    const change = changes.find(made => made.kind !== 'create' && made.record === record);
    if (change === undefined) return [record];
    return change.kind === 'update' ? [updated(change)] : [];
  });
  return runningNotes(records, after, nowMs);
}

function updated({ record, changes }: Extract<Change, { kind: 'update' }>): DispatchRecord {
  const { startTime, ...fields } = changes;
  return {
    ...record,
    ...(fields as Partial<DispatchRecord>),
    ...(startTime && { startTimeMs: startTime.getTime() }),
  };
}
