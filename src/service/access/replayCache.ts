/** Remembers which nonces were used. */
export interface ReplayCache {
  /**
   * Takes a nonce that must not be used again before `untilMs`.
   *
   * @returns `replayed` when it was taken before, `full` when no more can be remembered.
   */
  take(nonce: string, untilMs: number, nowMs: number): 'fresh' | 'replayed' | 'full';
}

/** Nonces are forgotten a bucket at a time. */
const BUCKET_MS = 60_000;

/**
 * A memory for at most `limit` nonces, each kept until it expires and no more than a minute longer.
 *
 * A full memory refuses new nonces: forgetting one early would allow its request to be replayed.
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
