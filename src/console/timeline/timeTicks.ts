import { instantOf, offsetAt } from '../../model/recurrence/localTime.js';

/** A mark of the time axis. */
export interface TimeTick {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Local time, as fine as the distance of the marks needs it. */
  readonly text: string;
}

/** The marks of a time axis: fine ones, and above them what they are parts of. */
export interface TimeTicks {
  readonly fine: readonly TimeTick[];
  /** Beginnings of days, months or years; the first is that of the one that is on when the axis begins. */
  readonly coarse: readonly TimeTick[];
  /** Whether the fine ones are times of day, so that UTC has others. */
  readonly areTimes: boolean;
}

type Unit = 'second' | 'day' | 'month' | 'year';

interface Step {
  readonly unit: Unit;
  readonly count: number;
  /** About how long it is. */
  readonly ms: number;
}

const secondMs = 1_000;
const dayMs = 86_400_000;

const steps: readonly Step[] = [
  ...[1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200].map(count =>
    stepOf('second', count, count * secondMs),
  ),
  ...[1, 2, 7, 14].map(count => stepOf('day', count, count * dayMs)),
  ...[1, 3, 6].map(count => stepOf('month', count, count * 30 * dayMs)),
  ...[1, 2, 5, 10].map(count => stepOf('year', count, count * 365 * dayMs)),
];

/** The marks of an axis from one instant to another, at most `limit` fine ones, in a zone. */
export function timeTicks(zone: string, fromMs: number, toMs: number, limit: number): TimeTicks {
  const fineMarks = (of: Step) => marks(zone, fromMs, toMs, of).filter(atMs => atMs >= fromMs);
  const index = steps.findIndex(({ ms }) => (toMs - fromMs) / ms <= limit);
  const widest = steps.at(index) as Step;
  // Of a month, no beginning may be in view: then those of its fortnights are.
  const step = fineMarks(widest).length === 0 ? (steps.at(index - 1) as Step) : widest;
  const coarse: Unit = step.unit === 'second' ? 'day' : step.unit === 'day' ? 'month' : 'year';
  const fine = fineMarks(step);
  return {
    fine: fine.map(atMs => ({ atMs, text: textOf(zone, atMs, step.unit, step.ms) })),
    coarse:
      step.unit === 'year'
        ? []
        : marks(zone, fromMs, toMs, stepOf(coarse, 1, 0)).map(atMs => ({ atMs, text: coarseText(zone, atMs, coarse) })),
    areTimes: step.unit === 'second',
  };
}

/** The beginnings of steps in a zone, from the one that is on at the beginning. */
function marks(zone: string, fromMs: number, toMs: number, step: Step): number[] {
  const found: number[] = [];
  let localMs = floorLocal(fromMs + offsetAt(zone, fromMs), step);
  for (;;) {
    const atMs = instantOf(zone, localMs);
    if (atMs >= toMs) return found;
    // A local time that is skipped is at the end of the gap, where another one may be.
    if (found.length === 0 || atMs > (found.at(-1) as number)) found.push(atMs);
    localMs = nextLocal(localMs, step);
  }
}

function floorLocal(localMs: number, { unit, count }: Step): number {
  const date = new Date(localMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const dayStartMs = Math.floor(localMs / dayMs) * dayMs;
  switch (unit) {
    case 'second':
      return dayStartMs + Math.floor((localMs - dayStartMs) / (count * secondMs)) * count * secondMs;
    case 'day':
      // Weeks begin on Mondays; the epoch was a Thursday.
      return Math.floor((localMs / dayMs + 3) / count) * count * dayMs - 3 * dayMs;
    case 'month':
      return Date.UTC(year, Math.floor(month / count) * count, 1);
    case 'year':
      return Date.UTC(Math.floor(year / count) * count, 0, 1);
  }
}

function nextLocal(localMs: number, { unit, count }: Step): number {
  const date = new Date(localMs);
  switch (unit) {
    case 'second':
      return localMs + count * secondMs;
    case 'day':
      return localMs + count * dayMs;
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1);
    case 'year':
      return Date.UTC(date.getUTCFullYear() + count, 0, 1);
  }
}

function textOf(zone: string, atMs: number, unit: Unit, stepMs: number): string {
  const local = new Date(atMs + offsetAt(zone, atMs));
  if (unit === 'second') return local.toISOString().slice(11, stepMs < 60_000 ? 19 : 16);
  if (unit === 'day') return `${weekdays[local.getUTCDay()]} ${local.getUTCDate()}`;
  return unit === 'month' ? `${months[local.getUTCMonth()]}` : String(local.getUTCFullYear());
}

function coarseText(zone: string, atMs: number, unit: Unit): string {
  const local = new Date(atMs + offsetAt(zone, atMs));
  const year = local.getUTCFullYear();
  if (unit === 'year') return String(year);
  const month = `${months[local.getUTCMonth()]} ${year}`;
  return unit === 'month' ? month : `${weekdays[local.getUTCDay()]} ${local.getUTCDate()} ${month}`;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function stepOf(unit: Unit, count: number, ms: number): Step {
  return { unit, count, ms };
}
