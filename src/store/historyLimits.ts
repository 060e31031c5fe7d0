/** How much of the history is kept: the oldest entries give way. */
export interface HistoryLimits {
  /** Maximum age of an entry, in milliseconds. @default 400 days */
  readonly maxAgeMs?: number | undefined;
  /** Maximum size of all entries, in bytes. @default 256 MiB */
  readonly maxBytes?: number | undefined;
}

const defaultMaxAgeMs = 400 * 86_400_000;
const defaultMaxBytes = 256 * 2 ** 20;

/** {@link HistoryLimits} without defaults. */
export interface CheckedLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/**
 * Checks the limits of a history, and adds the defaults.
 *
 * @throws RangeError that names the limit.
 */
export function checkedLimits(limits: HistoryLimits): CheckedLimits {
  const { maxAgeMs = defaultMaxAgeMs, maxBytes = defaultMaxBytes } = limits;
  for (const [name, limit] of Object.entries({ maxAgeMs, maxBytes })) {
    if (Number.isSafeInteger(limit) && limit >= 1) continue;
    throw new RangeError(`history.${name} must be an integer of 1 or more, not ${limit}`);
  }
  return { maxAgeMs, maxBytes };
}
