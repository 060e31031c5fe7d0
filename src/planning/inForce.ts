import type { MergeStrategy } from '../../machines/manage/mergeStrategy.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { type Run, runAt } from '../model/schedule.js';

/** A dispatch and the run that it is in. */
export interface RunningDispatch {
  readonly record: DispatchRecord;
  readonly run: Run;
}

/** The dispatches that run at a time, of those with one identity only the one whose run began last, of equal ones that with the higher id. */
export function inForce(
  records: readonly DispatchRecord[],
  atMs: number,
  { identity }: MergeStrategy,
): RunningDispatch[] {
  const running = records
    .flatMap(record => {
      const run = runOf(record, atMs);
      return run === null ? [] : [{ record, run }];
    })
    .sort((a, b) => a.run.startMs - b.run.startMs || a.record.id - b.record.id);
  return [...new Map(running.map(one => [identity(one.record), one])).values()];
}

/** The run at a time; null where there is none, also because another service stored an invalid rule. */
function runOf(record: DispatchRecord, atMs: number): Run | null {
  try {
    return runAt(record, atMs);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
