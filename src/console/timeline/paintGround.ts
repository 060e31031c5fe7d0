import { columnsOf, type TimeScale } from './layoutLane.js';
import { laneHeightPx, type PaintedLane } from './paintBars.js';
import type { Palette } from './palette.js';
import type { Interval } from './segment.js';
import type { TimeTicks } from './timeTicks.js';

/** A canvas that is painted on, and where things are in it. */
export interface Painting {
  readonly context: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly scale: TimeScale;
  /** Height in pixels of the screen. */
  readonly rows: number;
  /** Pixels of the screen for one of the page. */
  readonly ratio: number;
  /** How far the lanes are scrolled, in pixels of the page. */
  readonly scrollPx: number;
}

/** Paints what lies behind the bars: the marks of the axis, the lanes, and the lane of the keyboard. */
export function paintGround(painting: Painting, { fine, coarse }: TimeTicks, cursorLane: number | null): void {
  const { context, palette, scale, rows, ratio, scrollPx } = painting;
  const { columns } = scale;
  context.fillStyle = palette.ground;
  context.fillRect(0, 0, columns, rows);
  const step = laneHeightPx * ratio;
  if (cursorLane !== null) {
    context.fillStyle = palette.cursor;
    context.fillRect(0, (cursorLane * laneHeightPx - scrollPx) * ratio, columns, step - 1);
  }
  context.fillStyle = palette.grid;
  for (const { atMs } of fine) context.fillRect(columnAt(atMs, scale), 0, 1, rows);
  for (let y = step - ((scrollPx * ratio) % step); y < rows; y += step)
    context.fillRect(0, Math.round(y) - 1, columns, 1);
  context.fillStyle = palette['grid-strong'];
  for (const { atMs } of coarse) context.fillRect(columnAt(atMs, scale), 0, Math.max(1, Math.round(ratio)), rows);
}

/** Marks overlaps below the bars of a lane: at most once in each pixel column. */
export function paintOverlaps(
  { context, palette, scale, ratio }: Painting,
  overlaps: readonly Interval[],
  laneY: number,
): void {
  context.fillStyle = palette.overlap;
  let doneX = 0;
  for (const overlap of overlaps) {
    const span = columnsOf(overlap, scale);
    if (span === null || span[1] <= doneX) continue;
    const x = Math.max(span[0], doneX);
    context.fillRect(
      x,
      Math.round((laneY + laneHeightPx - 3) * ratio),
      span[1] - x,
      Math.max(1, Math.round(2 * ratio)),
    );
    doneX = span[1];
  }
}

/** Marks the bars of the chosen dispatch. */
export function paintChosen(
  { context, palette, ratio }: Painting,
  lanes: readonly PaintedLane[],
  chosenId: number,
): void {
  context.strokeStyle = palette.chosen;
  context.lineWidth = 2 * ratio;
  for (const { bars, y } of lanes) {
    for (const { x, width, segment } of bars) {
      if (segment.run.record.id !== chosenId) continue;
      context.strokeRect(x - ratio, (y + 1) * ratio, width + ratio, (laneHeightPx - 3) * ratio);
    }
  }
}

/** Paints a line at an instant. */
export function paintInstant(
  { context, scale, rows, ratio }: Painting,
  atMs: number,
  color: string,
  dash: number[] = [],
): void {
  const x = columnAt(atMs, scale);
  if (x < 0 || x > scale.columns) return;
  context.strokeStyle = color;
  context.lineWidth = 2 * ratio;
  context.setLineDash(dash.map(length => length * ratio));
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, rows);
  context.stroke();
  context.setLineDash([]);
}

function columnAt(atMs: number, { fromMs, msPerColumn }: TimeScale): number {
  return Math.round((atMs - fromMs) / msPerColumn);
}
