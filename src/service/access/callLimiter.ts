import { DispatchError } from '../../model/dispatchError.js';
import type { EffectiveLimits } from './callLimits.js';
import { ANYBODY, type ApiKey } from './keyRing.js';
import { tokenBucket } from './tokenBucket.js';

/** Size of a burst, in seconds of the rate. */
export const BURST_S = 5;

/** What of a request counts as one call: large ones take longer to decode. */
export const BYTES_PER_CALL = 4 * 1024;

/** The usage of one API key. */
interface Usage {
  calls: number;
  streams: number;
  readonly takeTokens: (count?: number) => boolean;
}

/** What is counted apart in a process, so that many lists at once leave room for writes. */
export type CallKind = 'reads' | 'writes' | 'streams';

/** Enforces limits on calls. */
export interface CallLimiter {
  /**
   * Admits a call. Of callers without a key only all together are limited.
   *
   * @returns a function to call when it has ended.
   * @throws DispatchError RESOURCE_EXHAUSTED when it exceeds a limit.
   */
  enter(apiKey: ApiKey, kind: CallKind): () => void;
  /**
   * Counts the request of an admitted call, once it has arrived: as one more call for each 4 KiB after the first.
   *
   * @throws DispatchError RESOURCE_EXHAUSTED when they exceed the rate.
   */
  charge(apiKey: ApiKey, bytes: number): void;
  /** Forgets the usage of a key that was removed. Calls that have not ended still count for the process. */
  forget(key: string): void;
}

/** Creates a limiter for the calls of one process. */
export function callLimiter(limits: EffectiveLimits): CallLimiter {
  const usages = new Map<string, Usage>();
  const total = { reads: 0, writes: 0, streams: 0 };

  function usageOf({ key }: ApiKey): Usage {
    const found = usages.get(key);
    if (found) return found;
    const takeTokens = key === ANYBODY.key ? () => true : tokenBucket(limits.callsPerSecond, BURST_S);
    const usage = { calls: 0, streams: 0, takeTokens };
    usages.set(key, usage);
    return usage;
  }

  const tooFast = limitExceeded(`more than ${limits.callsPerSecond} calls per second with this API key`);
  const tooMany = {
    calls: limitExceeded(`${limits.calls} calls are in progress`),
    streams: limitExceeded(`${limits.streams} streams are open`),
    callsPerKey: limitExceeded(`${limits.callsPerKey} calls with this API key are in progress`),
    streamsPerKey: limitExceeded(`${limits.streamsPerKey} streams with this API key are open`),
  };

  return {
    enter(apiKey, kind) {
      const usage = usageOf(apiKey);
      if (!usage.takeTokens()) throw tooFast;
      const limit = kind === 'streams' ? 'streams' : 'calls';
      if (apiKey !== ANYBODY && usage[limit] >= limits[`${limit}PerKey`]) throw tooMany[`${limit}PerKey`];
      if (total[kind] >= limits[limit]) throw tooMany[limit];
      usage[limit] += 1;
      total[kind] += 1;
      return () => {
        usage[limit] -= 1;
        total[kind] -= 1;
      };
    },
    charge(apiKey, bytes) {
      const count = Math.floor(bytes / BYTES_PER_CALL);
      if (count > 0 && !usageOf(apiKey).takeTokens(count)) throw tooFast;
    },
    forget: key => void usages.delete(key),
  };
}

/** The error for a call that exceeds a limit; it is made once, because an error with its stack costs more than all the rest. */
export function limitExceeded(limit: string): DispatchError {
  return new DispatchError('RESOURCE_EXHAUSTED', `${limit}: the limit of this service`);
}
