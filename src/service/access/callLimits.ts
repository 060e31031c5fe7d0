import { namedNumbers } from '../domain/namedNumbers.js';

/**
 * Limits of a service. A call that exceeds one ends with RESOURCE_EXHAUSTED, whose message contains the limit; one that exceeds
 * `readsPerKey` waits.
 */
export interface CallLimits {
  /**
   * Maximum number of concurrent calls in this process that read, and of those that write, streams excluded: they are counted apart, so
   * that many lists at once leave room for writes.
   *
   * @default 4000
   */
  readonly calls?: number | undefined;
  /**
   * Maximum number of concurrent calls with one API key, streams excluded. Does not apply to callers without a key.
   *
   * @default 1000
   */
  readonly callsPerKey?: number | undefined;
  /**
   * Maximum rate of calls with one API key, opened streams included, per second. Bursts of five times as many are allowed. A large
   * request counts once for each 4 KiB.
   * Does not apply to callers without a key.
   *
   * @default 1000
   */
  readonly callsPerSecond?: number | undefined;
  /**
   * Maximum number of gets and lists with one API key that read the database at the same time; further ones wait for their turn.
   * Does not apply to callers without a key.
   *
   * @default half of the connections for reads (`databaseConnections.reads`): 4; with a file 2
   */
  readonly readsPerKey?: number | undefined;
  /**
   * Maximum number of open streams in this process.
   *
   * @default 20000
   */
  readonly streams?: number | undefined;
  /**
   * Maximum number of open streams with one API key. Does not apply to callers without a key.
   *
   * @default 2000
   */
  readonly streamsPerKey?: number | undefined;
  /**
   * Maximum rate of calls from one address that are UNAUTHENTICATED, per second. Bursts of five times as many are allowed; those beyond
   * it are RESOURCE_EXHAUSTED. Other calls of the address do not count.
   *
   * @default 100
   */
  readonly unauthenticatedPerSecond?: number | undefined;
  /**
   * Maximum size of a request in bytes, compressed as well as inflated. The largest payload allowed has 50 kB.
   *
   * @default 131072
   */
  readonly requestBytes?: number | undefined;
  /**
   * Maximum number of open connections over HTTP; further ones are closed at once. A stream over HTTP/1.1 has a connection to itself.
   *
   * @default 5000
   */
  readonly webConnections?: number | undefined;
}

/** Limits with all defaults filled in. */
export type EffectiveLimits = { readonly [Name in keyof CallLimits]-?: number };

/** The default limits. */
export const DEFAULT_LIMITS: EffectiveLimits = {
  calls: 4_000,
  callsPerKey: 1_000,
  callsPerSecond: 1_000,
  readsPerKey: 2,
  streams: 20_000,
  streamsPerKey: 2_000,
  unauthenticatedPerSecond: 100,
  requestBytes: 128 * 1024,
  webConnections: 5_000,
};

/**
 * Checks limits, and fills in the defaults.
 *
 * @param defaults - those that are not {@link DEFAULT_LIMITS}.
 * @throws DispatchError INVALID_ARGUMENT when a limit is not an integer above 0, or its name is unknown.
 */
export function callLimits(limits: CallLimits = {}, defaults: Partial<EffectiveLimits> = {}): EffectiveLimits {
  return namedNumbers('limits', limits, { ...DEFAULT_LIMITS, ...defaults });
}
