import type { Run } from '../../model/schedule.js';
import { timeText } from '../../planning/timeText.js';
import { zonedTimeText } from '../../planning/zonedTimeText.js';

/** Formats a run: its start in UTC, and where that is another time in a zone, and its end in that zone. */
export function runText({ startMs, endMs }: Run, timeZone: string): string {
  const end = endMs === null ? 'without end' : `until ${zonedTimeText(endMs, timeZone)}`;
  const [utc, zoned] = [timeText(new Date(startMs)), zonedTimeText(startMs, timeZone)];
  return [...(zoned.endsWith(utc) ? [] : [utc]), zoned, end].join('   ');
}
