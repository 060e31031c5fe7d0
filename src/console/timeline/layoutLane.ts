import type { Lane } from './picture.js';
import type { Interval, Segment } from './segment.js';

/** How a part of a run is drawn. */
export const barStyles = [
  'running',
  'planned',
  'done',
  'past',
  'missed',
  'dry',
  'dryRunning',
  'covered',
  'inactive',
] as const;

/** How a part of a run is drawn. */
export type BarStyle = (typeof barStyles)[number];

/** Where the instants of a picture are on the screen. */
export interface TimeScale {
  readonly fromMs: number;
  readonly msPerColumn: number;
  /** Number of pixel columns. */
  readonly columns: number;
  /** Number of columns that a rectangle takes at least where the next ones are free. @default 1 */
  readonly minColumns?: number;
}

/** What is known of the time of a picture. */
export interface Present {
  /** The instant that is looked at, milliseconds since the epoch. */
  readonly nowMs: number;
  /** The present, milliseconds since the epoch: nothing after it has been delivered yet. */
  readonly presentMs: number;
  /** From when on it was witnessed what was delivered, milliseconds since the epoch; Infinity: never. */
  readonly witnessedFromMs: number;
  /** When starts of a dispatch were missed: from the first to the last, both included. */
  readonly missed: ReadonlyMap<number, readonly Interval[]>;
}

/** A rectangle of a lane: pixel columns `[x, x + width)`. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly style: BarStyle;
  readonly segment: Segment;
  /** Whether it goes on to the left or to the right of the lane. */
  readonly isCut: boolean;
}

/**
 * The rectangles of a lane: at most one in each pixel column, and one more of what is covered, which is painted over it. Every segment takes at
 * least a column, unless those of its kind before it in the lane have taken all of its columns.
 */
export function layoutLane(lane: Pick<Lane, 'segments'>, scale: TimeScale, present: Present): Bar[] {
  if (scale.columns <= 0) return [];
  const bars = layoutLayer(lane, scale, present, false);
  return lane.segments.some(({ isCovered }) => isCovered) ? bars.concat(layoutLayer(lane, scale, present, true)) : bars;
}

function layoutLayer(
  { segments }: Pick<Lane, 'segments'>,
  scale: TimeScale,
  present: Present,
  ofCovered: boolean,
): Bar[] {
  const { columns } = scale;
  const { owners, free } = scratchOf(columns);
  const nextFree = (column: number) => {
    if (free[column] === column) return column;
    let found = column;
    while (free[found] !== found) found = free[found] as number;
    for (let at = column; at !== found; ) {
      const next = free[at] as number;
      free[at] = found;
      at = next;
    }
    return found;
  };
  const { fromMs, msPerColumn } = scale;
  const place = (index: number, { startMs, endMs }: Segment) => {
    // As columnsOf says, without an array for each segment of each frame.
    const first = Math.floor((startMs - fromMs) / msPerColumn);
    if (first >= columns) return;
    const end = Math.min(columns, Math.max(first + 1, Math.ceil((endMs - fromMs) / msPerColumn)));
    for (let column = nextFree(Math.max(0, first)); column < end; column = nextFree(column)) {
      owners[column] = index;
      free[column] = column + 1;
    }
  };
  if (present.missed.size > 0) {
    for (const [index, segment] of segments.entries()) {
      if (segment.isCovered === ofCovered && isMissed(segment, present)) place(index, segment);
    }
  }
  for (const [index, segment] of segments.entries()) {
    if (segment.isCovered === ofCovered) place(index, segment);
  }
  return barsOf(owners, segments, scale, present);
}

interface Scratch {
  /** The segment of each column; -1: none. */
  owners: Int32Array;
  /** For each column the next one that is free: it or one after it. */
  free: Int32Array;
}

/** Of one layout at a time: new memory for each lane of each frame would cost more than the layout. */
const scratch: Scratch = { owners: new Int32Array(0), free: new Int32Array(0) };

function scratchOf(columns: number): Scratch {
  if (scratch.owners.length < columns) {
    scratch.owners = new Int32Array(columns);
    scratch.free = new Int32Array(columns + 1);
  }
  scratch.owners.fill(-1, 0, columns);
  for (let column = 0; column <= columns; column += 1) scratch.free[column] = column;
  return scratch;
}

function barsOf(owners: Int32Array, segments: readonly Segment[], scale: TimeScale, present: Present): Bar[] {
  const bars: Bar[] = [];
  const { columns, minColumns = 1 } = scale;
  const endMs = scale.fromMs + columns * scale.msPerColumn;
  for (let x = 0; x < columns; ) {
    const owner = owners[x] as number;
    let endX = x + 1;
    while (endX < columns && owners[endX] === owner) endX += 1;
    const segment = segments[owner];
    if (segment !== undefined) {
      // A short run is seen, too; what has run before the view is not made longer.
      const leastX = segment.startMs < scale.fromMs ? 0 : Math.min(columns, x + minColumns);
      while (endX < leastX && owners[endX] === -1) endX += 1;
      const isCut = segment.startMs < scale.fromMs || segment.endMs > endMs;
      bars.push({ x, width: endX - x, style: styleOf(segment, present), segment, isCut });
    }
    x = endX;
  }
  return bars;
}

/** The columns `[first, end)` that a time touches; null: it is not in view. */
export function columnsOf(
  { startMs, endMs }: Interval,
  { fromMs, msPerColumn, columns }: TimeScale,
): [number, number] | null {
  const first = Math.floor((startMs - fromMs) / msPerColumn);
  const end = Math.max(first + 1, Math.ceil((endMs - fromMs) / msPerColumn));
  if (end <= 0 || first >= columns) return null;
  return [Math.max(0, first), Math.min(columns, end)];
}

/** How a segment is drawn. */
export function styleOf(segment: Segment, present: Present): BarStyle {
  const { run, startMs, endMs, isCovered } = segment;
  const { nowMs, presentMs, witnessedFromMs } = present;
  if (!run.record.active) return 'inactive';
  if (isMissed(segment, present)) return 'missed';
  if (isCovered) return 'covered';
  const isRunning = startMs <= nowMs && nowMs < endMs;
  if (run.record.dryRun) return isRunning ? 'dryRunning' : 'dry';
  if (isRunning) return 'running';
  if (startMs > nowMs) return 'planned';
  return (run.isDelivered ?? endMs > witnessedFromMs) && startMs <= presentMs ? 'done' : 'past';
}

function isMissed({ run: { record, startMs, endMs } }: Segment, { missed }: Present): boolean {
  return missed.get(record.id)?.some(interval => interval.startMs < endMs && startMs <= interval.endMs) ?? false;
}
