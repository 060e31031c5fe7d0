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
