/** Remembers nonces that were used, to refuse replayed calls. */
export interface ReplayCache {
  /**
   * Uses a nonce, which must not be used again before `untilMs`.
   *
   * @returns `replayed` when it was used before, `full` when the cache is full.
   */
  take(nonce: string, untilMs: number, nowMs: number): 'fresh' | 'replayed' | 'full';
}

/** Nonces expire in buckets. */
const BUCKET_MS = 60_000;

/**
 * Creates a cache for at most `limit` nonces, each kept until it expires and at most a minute longer.
 *
 * A full cache refuses new nonces: dropping one early would allow its call to be replayed.
 */
export function replayCache(limit: number): ReplayCache {
  const buckets = new Map<number, Set<string>>();
  let count = 0;

  function forgetExpired(nowMs: number): void {
    for (const [bucket, nonces] of buckets) {
      if ((bucket + 1) * BUCKET_MS >= nowMs) continue;
      buckets.delete(bucket);
      count -= nonces.size;
    }
  }

  return {
    take(nonce, untilMs, nowMs) {
      forgetExpired(nowMs);
      for (const nonces of buckets.values()) if (nonces.has(nonce)) return 'replayed';
      if (count >= limit) return 'full';
      const bucket = Math.floor(untilMs / BUCKET_MS);
      const nonces = buckets.get(bucket) ?? new Set();
      buckets.set(bucket, nonces.add(nonce));
      count += 1;
      return 'fresh';
    },
  };
}
