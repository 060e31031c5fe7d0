/**
 * Creates a token bucket that refills at a rate, and holds at most `burstS` seconds of it.
 *
 * @param nowMs - a monotonic clock, in milliseconds.
 * @returns a function that takes tokens, by default one; false when none is left. As long as there is one, any number can be taken, on credit.
 */
export function tokenBucket(
  perSecond: number,
  burstS: number,
  nowMs = () => performance.now(),
): (count?: number) => boolean {
  const most = perSecond * burstS;
  let tokens = most;
  let filledMs = nowMs();
  return (count = 1) => {
    const now = nowMs();
    tokens = Math.min(most, tokens + ((now - filledMs) / 1000) * perSecond);
    filledMs = now;
    if (tokens < 1) return false;
    tokens -= count;
    return true;
  };
}
