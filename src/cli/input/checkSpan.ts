import { UsageError } from './usageError.js';

/** The ends of a span, as options give them; undefined: it is open there. */
export interface SpanEnds {
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

/**
 * Refuses a span without an instant, by the names of its options.
 *
 * @param names - those of its start and of its end. @default --from and --to
 * @param defaultTo - what its end is when it was not given. @default it was
 */
export function checkSpan(
  { from, to }: SpanEnds,
  [fromName, toName]: readonly [string, string] = ['--from', '--to'],
  defaultTo?: string,
): void {
  if (from === undefined || to === undefined || from < to) return;
  throw new UsageError(
    defaultTo === undefined
      ? `${toName} must be after ${fromName}.`
      : `${fromName} must be before '${defaultTo}', which ${toName} is when it is not given.`,
  );
}
