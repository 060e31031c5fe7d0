import { DispatchError } from '../../model/dispatchError.js';
import { invalidOption } from '../domain/invalidOption.js';
import type { ApiKey } from './keyRing.js';

/** Limits of a service. A call that exceeds one ends with RESOURCE_EXHAUSTED, whose message contains the limit. */
export interface CallLimits {
  /**
   * Maximum number of concurrent calls in this process, streams excluded.
   *
   * @default 4000
   */
  readonly calls?: number | undefined;
  /**
   * Maximum number of concurrent calls with one API key, streams excluded.
   *
   * @default 1000
   */
  readonly callsPerKey?: number | undefined;
  /**
   * Maximum rate of calls with one API key, opened streams included, per second. Bursts of five times as many are allowed.
   * Does not apply to callers without a key.
   *
   * @default 1000
   */
  readonly callsPerSecond?: number | undefined;
  /**
   * Maximum number of open streams with one API key.
   *
   * @default 2000
   */
  readonly streamsPerKey?: number | undefined;
  /**
   * Maximum size of a request in bytes. The largest payload allowed has 50 kB.
   *
   * @default 1048576
   */
  readonly requestBytes?: number | undefined;
}

/** Limits with all defaults filled in. */
export type EffectiveLimits = { readonly [Name in keyof CallLimits]-?: number };

/** The default limits. */
export const DEFAULT_LIMITS: EffectiveLimits = {
  calls: 4_000,
  callsPerKey: 1_000,
  callsPerSecond: 1_000,
  streamsPerKey: 2_000,
  requestBytes: 1024 * 1024,
};

/** Size of a burst, in seconds of the rate. */
const BURST_S = 5;

/**
 * Checks limits, and fills in the defaults.
 *
 * @throws DispatchError INVALID_ARGUMENT when a limit is not an integer above 0, or its name is unknown.
 */
export function callLimits(limits: CallLimits = {}): EffectiveLimits {
  const known: { -readonly [Name in keyof EffectiveLimits]: number } = { ...DEFAULT_LIMITS };
  for (const [name, limit] of Object.entries(limits)) {
    const field = `limits.${name}`;
    if (!Object.hasOwn(known, name)) {
      throw invalidOption(field, `must be one of ${Object.keys(DEFAULT_LIMITS).join(', ')}`);
    }
    if (limit === undefined) continue;
    if (!(Number.isSafeInteger(limit) && limit > 0)) {
      throw invalidOption(field, 'must be an integer above 0');
    }
    known[name as keyof CallLimits] = limit;
  }
  return known;
}

/** The usage of one API key. */
interface Usage {
  calls: number;
  streams: number;
  readonly takeToken: () => boolean;
}

/** Enforces limits on calls. */
export interface CallLimiter {
  /**
   * Admits a call.
   *
   * @returns a function to call when it has ended.
   * @throws DispatchError RESOURCE_EXHAUSTED when it exceeds a limit.
   */
  enter(apiKey: ApiKey, isStream: boolean): () => void;
}

/** Creates a limiter for the calls of one process. */
export function callLimiter(limits: EffectiveLimits): CallLimiter {
  const usages = new Map<string, Usage>();
  let calls = 0;

  function usageOf({ key }: ApiKey): Usage {
    const found = usages.get(key);
    if (found) return found;
    const takeToken = key === '' ? () => true : tokenBucket(limits.callsPerSecond, BURST_S);
    const usage = { calls: 0, streams: 0, takeToken };
    usages.set(key, usage);
    return usage;
  }

  return {
    enter(apiKey, isStream) {
      const usage = usageOf(apiKey);
      if (!usage.takeToken()) throw exhausted(`more than ${limits.callsPerSecond} calls per second with this API key`);
      if (isStream) {
        if (usage.streams >= limits.streamsPerKey)
          throw exhausted(`${limits.streamsPerKey} streams with this API key are open`);
        usage.streams += 1;
        return () => {
          usage.streams -= 1;
        };
      }
      if (usage.calls >= limits.callsPerKey)
        throw exhausted(`${limits.callsPerKey} calls with this API key are in progress`);
      if (calls >= limits.calls) throw exhausted(`${limits.calls} calls are in progress`);
      usage.calls += 1;
      calls += 1;
      return () => {
        usage.calls -= 1;
        calls -= 1;
      };
    },
  };
}

/**
 * Creates a token bucket that refills at a rate, and holds at most `burstS` seconds of it.
 *
 * @param nowMs - a monotonic clock, in milliseconds.
 * @returns a function that takes a token; false when none is left.
 */
export function tokenBucket(perSecond: number, burstS: number, nowMs = () => performance.now()): () => boolean {
  const most = perSecond * burstS;
  let tokens = most;
  let filledMs = nowMs();
  return () => {
    const now = nowMs();
    tokens = Math.min(most, tokens + ((now - filledMs) / 1000) * perSecond);
    filledMs = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

function exhausted(limit: string): DispatchError {
  return new DispatchError('RESOURCE_EXHAUSTED', `${limit}: the limit of this service`);
}
