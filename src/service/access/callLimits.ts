import { DispatchError } from '../../model/dispatchError.js';
import { invalidOption } from '../domain/invalidOption.js';
import type { ApiKey } from './keyRing.js';

/** How much a service takes. What is beyond ends with RESOURCE_EXHAUSTED, which tells the limit. */
export interface CallLimits {
  /**
   * Calls under way in this process; streams do not count.
   *
   * @default 4000
   */
  readonly calls?: number | undefined;
  /**
   * Calls of one key under way.
   *
   * @default 1000
   */
  readonly callsPerKey?: number | undefined;
  /**
   * Calls of one key a second, opened streams among them, after a burst of five times as many. It does not hold for
   * callers without a key.
   *
   * @default 1000
   */
  readonly callsPerSecond?: number | undefined;
  /**
   * Open streams of one key.
   *
   * @default 2000
   */
  readonly streamsPerKey?: number | undefined;
  /**
   * The size of one request in bytes. The greatest payload that is allowed is 50 kB.
   *
   * @default 1048576
   */
  readonly requestBytes?: number | undefined;
}

/** Limits, each of them set. */
export type EffectiveLimits = { readonly [Name in keyof CallLimits]-?: number };

/** The limits that hold where nothing else is said. */
export const DEFAULT_LIMITS: EffectiveLimits = {
  calls: 4_000,
  callsPerKey: 1_000,
  callsPerSecond: 1_000,
  streamsPerKey: 2_000,
  requestBytes: 1024 * 1024,
};

/** A burst of so many seconds' calls is let through. */
const BURST_S = 5;

/**
 * The limits that hold.
 *
 * @throws DispatchError INVALID_ARGUMENT when one is not a whole number above 0, or there is no limit of its name.
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
      throw invalidOption(field, 'must be a whole number above 0');
    }
    known[name as keyof CallLimits] = limit;
  }
  return known;
}

/** What one key uses. */
interface Usage {
  calls: number;
  streams: number;
  readonly takeToken: () => boolean;
}

/** Keeps calls within limits. */
export interface CallLimiter {
  /**
   * Lets a call of a key in.
   *
   * @returns what must be called when it has ended.
   * @throws DispatchError RESOURCE_EXHAUSTED when it is beyond a limit.
   */
  enter(apiKey: ApiKey, isStream: boolean): () => void;
}

/** A limiter of the calls of one process. */
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
      if (!usage.takeToken()) throw exhausted(`more than ${limits.callsPerSecond} calls a second by this key`);
      if (isStream) {
        if (usage.streams >= limits.streamsPerKey)
          throw exhausted(`${limits.streamsPerKey} streams of this key are open`);
        usage.streams += 1;
        return () => {
          usage.streams -= 1;
        };
      }
      if (usage.calls >= limits.callsPerKey) throw exhausted(`${limits.callsPerKey} calls of this key are under way`);
      if (calls >= limits.calls) throw exhausted(`${limits.calls} calls are under way`);
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
 * Lets through so many a second, and after a rest so many seconds' worth at once.
 *
 * @param nowMs - a clock that never goes back.
 * @returns what takes one; false when there is none left.
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
  return new DispatchError('RESOURCE_EXHAUSTED', `${limit}, which is the limit of this service`);
}
