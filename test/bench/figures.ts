import { InvalidArgumentError } from 'commander';

/** Reads an option that counts something. */
export function positiveInteger(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It must be an integer of 1 or more.');
  return count;
}

/** A figure with three digits that count. */
export function round(figure: number): number {
  return Number(figure.toPrecision(3));
}

/** The value that a share of all values does not exceed; NaN when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The half, the ninety-ninth of a hundred and the last of all values in order; NaN when there are none. */
export function spread(values: readonly number[]): {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
} {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99), max: percentile(values, 1) };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Throws unless a measurement was one of what it says. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`the measurement does not count: ${what}`);
}

/** The processor time that this process has used so far. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** The wall clock with fractions of a millisecond. */
export function preciseClock(): () => number {
  // Date.now() cuts the fraction off, and the process may be interrupted between two looks: both make the difference less.
  let offsetMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < 100_000; i++) offsetMs = Math.max(offsetMs, Date.now() - performance.now());
  return () => performance.now() + offsetMs;
}
