import prettyMs from 'pretty-ms';

/** Formats a time, such as `2026-04-01 14:00:00 UTC`. */
export function timeText(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Formats a time of day in UTC to the millisecond, such as `14:00:00.003`. */
export function clockText(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}

/** Formats an instant in UTC to the millisecond, such as `2026-04-01 14:00:00.003`. */
export function instantText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 23).replace('T', ' ');
}

/** Formats the day of an instant in UTC, such as `Wed 2026-04-01`. */
export function dayText(atMs: number): string {
  const at = new Date(atMs);
  return `${at.toUTCString().slice(0, 3)} ${at.toISOString().slice(0, 10)}`;
}

/** Formats a duration exactly, such as `1h 30m`. */
export function spanText(ms: number): string {
  return ms === 0 ? '0s' : prettyMs(ms);
}

/** Formats the approximate time until `at`, such as `3h 12m`: two units, whole seconds. */
export function awayText(at: Date, nowMs: number): string {
  const awayMs = Math.max(0, Math.ceil((at.getTime() - nowMs) / 1000) * 1000);
  return prettyMs(awayMs, { unitCount: 2 });
}
