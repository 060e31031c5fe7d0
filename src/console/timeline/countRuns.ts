import { startsBetween } from '../../model/schedule.js';
import type { Interval, PicturedRun } from './segment.js';

/**
 * Number of runs that a run of a picture stands for in a time.
 *
 * @param limit Maximum number that is counted; one more says that there are more. @default all
 */
export function countRuns(
  { record, isMerged }: PicturedRun,
  { startMs, endMs }: Interval,
  limit: number = Number.POSITIVE_INFINITY,
): number {
  if (!isMerged) return 1;
  let count = 0;
  for (const _ of startsBetween(record, startMs, endMs)) {
    count += 1;
    if (count > limit) break;
  }
  // A part of a run may be what is left of one that began before.
  return Math.max(1, count);
}
