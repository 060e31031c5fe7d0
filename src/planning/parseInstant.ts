const INSTANT = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Parses an instant of RFC 3339, such as `2026-04-01T14:00:00Z`, in milliseconds since the epoch; NaN when there is none such. */
export function parseInstant(text: string): number {
  const [, day] = INSTANT.exec(text) ?? [];
  return day !== undefined && isDate(day) ? Date.parse(text) : Number.NaN;
}

/** Whether a day such as `2026-02-28` exists. */
export function isDate(day: string): boolean {
  const midnight = new Date(`${day}T00:00Z`);
  // Date reads 30 February as a day in March.
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}
