import { dayMs, monday10Ms } from './dispatchRecord.js';

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const mondayMs = monday10Ms - (monday10Ms % dayMs);

/** An instant in the week of Monday, 2026-03-02: '10:00', '10:00:00.250', 'Tue 10:00'. Monday where no day is given. */
export function at(text: string): number {
  const [day, time] = text.includes(' ') ? (text.split(' ') as [string, string]) : ['Mon', text];
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return mondayMs + days.indexOf(day) * dayMs + Math.round((hours * 3600 + minutes * 60 + seconds) * 1000);
}

/** The reverse of {@link at}; null is 'never'. */
export function show(ms: number | null): string {
  if (ms === null) return 'never';
  const day = Math.floor((ms - mondayMs) / dayMs);
  const time = new Date(ms)
    .toISOString()
    .slice(11, -1)
    .replace(/(:00)?\.000$/, '');
  return day === 0 ? time : `${days[day] ?? `day ${day}`} ${time}`;
}
