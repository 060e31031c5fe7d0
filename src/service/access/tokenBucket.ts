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
