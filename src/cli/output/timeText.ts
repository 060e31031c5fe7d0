import prettyMs from 'pretty-ms';

/** An instant such as `2026-04-01 14:00:00 UTC`. */
export function timeText(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The time of day of an instant, to the millisecond, such as `14:00:00.003`. */
export function clockText(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}

/** A span such as `1h 30m`, exactly. */
export function spanText(ms: number): string {
  return ms === 0 ? '0s' : prettyMs(ms);
}

/** About how long until an instant, such as `3h 12m`: two units, whole seconds. */
export function awayText(at: Date, nowMs: number): string {
  const awayMs = Math.max(0, Math.ceil((at.getTime() - nowMs) / 1000) * 1000);
  return prettyMs(awayMs, { unitCount: 2 });
}
