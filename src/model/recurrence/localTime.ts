/** A change of a zone's offset from UTC. Offsets in milliseconds, local time minus UTC. */
export interface OffsetChange {
  /** The first instant with the new offset, milliseconds since the epoch. */
  readonly atMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

const MS_PER_DAY = 86_400_000;

/**
 * The offset of a zone at an instant, by the zone data of the runtime: local time minus UTC, in milliseconds.
 *
 * @param zone an IANA name such as `Europe/Berlin`, or `UTC`
 * @throws RangeError when the runtime does not know the zone
 */
export function offsetAt(zone: string, tMs: number): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = OFFSET.exec(formatOf(zone).format(tMs)) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1000 : 1000) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

/**
 * The changes of a zone's offset with `fromMs < atMs <= toMs`, in order. One that is undone within a day may be left out; the zone data have
 * none since 1970.
 *
 * @throws RangeError when the runtime does not know the zone
 */
export function offsetChanges(zone: string, fromMs: number, toMs: number): OffsetChange[] {
  const changes: OffsetChange[] = [];
  for (let period = periodOf(fromMs); period <= periodOf(toMs); period += 1) {
    changes.push(...changesInPeriod(zone, period));
  }
  return changes.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
}

/**
 * The instant of a local time. One that the zone skips takes the offset before the gap, one that it has twice its first (RFC 5545 section
 * 3.3.5).
 *
 * @param localMs the local time as if it were UTC, milliseconds since the epoch
 * @throws RangeError when the runtime does not know the zone
 */
export function instantOf(zone: string, localMs: number): number {
  // No zone is further than a day from UTC. With the offset before a change, both a gap and a repetition come out right.
  const changes = offsetChanges(zone, localMs - 2 * MS_PER_DAY, localMs + 2 * MS_PER_DAY);
  const last = changes.findLast(change => localMs >= firstLocalMs(change));
  const offsetMs = last?.afterMs ?? changes[0]?.beforeMs ?? offsetAt(zone, localMs);
  return localMs - offsetMs;
}

/**
 * The first local time that has the new offset of a change: those that are skipped, and those that come twice, have the one before
 * (RFC 5545 section 3.3.5).
 */
export function firstLocalMs({ atMs, beforeMs, afterMs }: OffsetChange): number {
  return atMs + Math.max(beforeMs, afterMs);
}

const OFFSET = /GMT([+-])(\d+)(?::(\d+))?(?::(\d+))?$/;

// To make a format is a thousand times as slow as to use it.
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = newFormat(zone);
    formats.set(zone, format);
  }
  return format;
}

function newFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch {
    throw new RangeError(`zone must be a time zone such as Europe/Berlin, got ${zone}`);
  }
}

/** Changes are found, and remembered, for so much time at once. */
const PERIOD_DAYS = 366;

function periodOf(tMs: number): number {
  return Math.floor(tMs / (PERIOD_DAYS * MS_PER_DAY));
}

const known = new Map<string, readonly OffsetChange[]>();

function changesInPeriod(zone: string, period: number): readonly OffsetChange[] {
  const key = `${zone} ${period}`;
  let changes = known.get(key);
  if (changes === undefined) {
    changes = findChanges(zone, period * PERIOD_DAYS * MS_PER_DAY);
    known.set(key, changes);
  }
  return changes;
}

function findChanges(zone: string, fromMs: number): OffsetChange[] {
  const changes: OffsetChange[] = [];
  let beforeMs = offsetAt(zone, fromMs);
  for (let day = 0; day < PERIOD_DAYS; day += 1) {
    let early = fromMs + day * MS_PER_DAY;
    let late = early + MS_PER_DAY;
    const afterMs = offsetAt(zone, late);
    if (afterMs === beforeMs) continue;
    while (late - early > 1000) {
      const middle = early + Math.floor((late - early) / 2000) * 1000;
      if (offsetAt(zone, middle) === beforeMs) early = middle;
      else late = middle;
    }
    changes.push({ atMs: late, beforeMs, afterMs });
    beforeMs = afterMs;
  }
  return changes;
}
