import { DispatchError } from '../../model/dispatchError.js';
import type { EffectiveLimits } from './callLimits.js';
import { ANYBODY, type ApiKey } from './keyRing.js';
import { tokenBucket } from './tokenBucket.js';

/** Size of a burst, in seconds of the rate. */
export const BURST_S = 5;

/** The usage of one API key. */
interface Usage {
  calls: number;
  streams: number;
  readonly takeToken: () => boolean;
}

/** Enforces limits on calls. */
export interface CallLimiter {
  /**
   * Admits a call. Of callers without a key only all together are limited.
   *
   * @returns a function to call when it has ended.
   * @throws DispatchError RESOURCE_EXHAUSTED when it exceeds a limit.
   */
  enter(apiKey: ApiKey, isStream: boolean): () => void;
  /** Forgets the usage of a key that was removed. Calls that have not ended still count for the process. */
  forget(key: string): void;
}

/** Creates a limiter for the calls of one process. */
export function callLimiter(limits: EffectiveLimits): CallLimiter {
  const usages = new Map<string, Usage>();
  const total = { calls: 0, streams: 0 };

  function usageOf({ key }: ApiKey): Usage {
    const found = usages.get(key);
    if (found) return found;
    const takeToken = key === ANYBODY.key ? () => true : tokenBucket(limits.callsPerSecond, BURST_S);
    const usage = { calls: 0, streams: 0, takeToken };
    usages.set(key, usage);
    return usage;
  }

  return {
    enter(apiKey, isStream) {
      const usage = usageOf(apiKey);
      if (!usage.takeToken()) throw exhausted(`more than ${limits.callsPerSecond} calls per second with this API key`);
      const kind = isStream ? 'streams' : 'calls';
      const state = isStream ? 'are open' : 'are in progress';
      const most = limits[`${kind}PerKey`];
      if (apiKey !== ANYBODY && usage[kind] >= most) throw exhausted(`${most} ${kind} with this API key ${state}`);
      if (total[kind] >= limits[kind]) throw exhausted(`${limits[kind]} ${kind} ${state}`);
      usage[kind] += 1;
      total[kind] += 1;
      return () => {
        usage[kind] -= 1;
        total[kind] -= 1;
      };
    },
    forget: key => void usages.delete(key),
  };
}

function exhausted(limit: string): DispatchError {
  return new DispatchError('RESOURCE_EXHAUSTED', `${limit}: the limit of this service`);
}
