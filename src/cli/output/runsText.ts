import type { Run } from '../../model/schedule.js';
import { timeText } from './timeText.js';

/** Formats a time in a zone, such as `Mon 2026-04-06 14:00 CEST`. */
export function zonedTimeText(atMs: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).formatToParts(atMs);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find(found => found.type === type)?.value ?? '';
  const date = `${part('year')}-${part('month')}-${part('day')}`;
  return `${part('weekday')} ${date} ${part('hour')}:${part('minute')}:${part('second')} ${part('timeZoneName')}`;
}

/** Formats a run: its start in UTC and in a zone, and its end in that zone. */
export function runText({ startMs, endMs }: Run, timeZone: string): string {
  const end = endMs === null ? 'without end' : `until ${zonedTimeText(endMs, timeZone)}`;
  return `${timeText(new Date(startMs))}   ${zonedTimeText(startMs, timeZone)}   ${end}`;
}
