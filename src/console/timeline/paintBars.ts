import { type Bar, type BarStyle, barStyles } from './layoutLane.js';
import type { Palette } from './palette.js';

/** Height of a lane, in pixels of the page. */
export const laneHeightPx = 26;

/** From where on in a lane what is covered is above what is in force, in pixels of the page. */
export const coveredFromPx = 18;

/** Where a bar is in its lane, so that the styles differ in form, too; in pixels of the page. */
const forms: Readonly<Record<BarStyle, { readonly y: number; readonly height: number }>> = {
  running: { y: 3, height: 20 },
  dryRunning: { y: 3, height: 20 },
  planned: { y: 6, height: 14 },
  done: { y: 6, height: 14 },
  dry: { y: 6, height: 14 },
  past: { y: 9, height: 8 },
  missed: { y: 6, height: 14 },
  covered: { y: coveredFromPx, height: 5 },
  inactive: { y: 12, height: 3 },
};

/** Minimum widths in pixels of the page from which on a bar has an edge, and a text. */
const edgeFromPx = 6;
const textFromPx = 30;

/** Width of a character of the font, in pixels of the page, with room to spare. */
const characterPx = 6.4;

/** The sign before the text of a bar. */
export const styleSigns: Readonly<Record<BarStyle, string>> = {
  running: '▶ ',
  dryRunning: '▷ ',
  planned: '',
  done: '✓ ',
  dry: '◇ ',
  past: '',
  missed: '✕ ',
  covered: '',
  inactive: '',
};

/** A lane that is painted. */
export interface PaintedLane {
  readonly bars: readonly Bar[];
  /** Top of the lane, in pixels of the page. */
  readonly y: number;
}

/**
 * Paints the bars of lanes: one rectangle for each, and on those that are wide enough an edge, a pattern or a text.
 *
 * @param ratio Pixels of the screen for one of the page.
 */
export function paintBars(
  context: CanvasRenderingContext2D,
  lanes: readonly PaintedLane[],
  palette: Palette,
  ratio: number,
  textOf: (bar: Bar) => string,
): void {
  // All of one style together: to change the style costs more than to fill a rectangle.
  for (const style of barStyles) {
    const { y, height } = forms[style];
    const tall = Math.round(height * ratio);
    context.fillStyle = palette.fill[style];
    for (const lane of lanes) {
      const top = Math.round((lane.y + y) * ratio);
      for (const bar of lane.bars) {
        // A gap shows where one run ends and another begins.
        if (bar.style === style) context.fillRect(bar.x, top, bar.width > 3 ? bar.width - 1 : bar.width, tall);
      }
    }
  }
  context.font = `${11 * ratio}px ${palette.font}`;
  context.textBaseline = 'middle';
  context.lineWidth = ratio;
  for (const { bars, y } of lanes) {
    for (const bar of bars) {
      if (bar.width >= edgeFromPx * ratio) decorate(context, bar, y, palette, ratio, textOf);
    }
  }
}

function decorate(
  context: CanvasRenderingContext2D,
  bar: Bar,
  laneY: number,
  palette: Palette,
  ratio: number,
  textOf: (bar: Bar) => string,
): void {
  const { style, x } = bar;
  const { y, height } = forms[style];
  const top = Math.round((laneY + y) * ratio);
  const tall = Math.round(height * ratio);
  const width = bar.width - 1;
  context.strokeStyle = palette.edge[style];
  context.fillStyle = palette.edge[style];
  if (style === 'covered') hatch(context, x, top, width, tall, 4 * ratio);
  if (style === 'dry' || style === 'dryRunning') hatch(context, x, top, width, tall, 7 * ratio);
  if (style === 'missed') cross(context, x, top, width, tall);
  if (style === 'running' || style === 'dryRunning') context.fillRect(x, top, 3 * ratio, tall);
  if (style !== 'inactive' && style !== 'done') {
    const inset = ratio / 2;
    context.setLineDash(style === 'missed' || style === 'past' ? [3 * ratio, 2 * ratio] : []);
    context.strokeRect(x + inset, top + inset, width - ratio, tall - ratio);
    context.setLineDash([]);
  }
  const room = width / ratio - 12;
  if (bar.width < textFromPx * ratio || height < 10) return;
  const text = styleSigns[style] + textOf(bar);
  const characters = Math.floor(room / characterPx);
  if (characters < 2) return;
  const shown = text.length > characters ? `${text.slice(0, characters - 1)}…` : text;
  if (style === 'dry' || style === 'dryRunning' || style === 'missed') {
    // The pattern must not run through the text.
    context.fillStyle = palette.ground;
    context.fillRect(x + 6 * ratio, top + 2 * ratio, context.measureText(shown).width + 4 * ratio, tall - 4 * ratio);
  }
  context.fillStyle = palette.text[style];
  context.fillText(shown, x + 8 * ratio, top + tall / 2 + ratio / 2, width - 10 * ratio);
}

function hatch(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, step: number) {
  context.beginPath();
  for (let at = x - height + step; at < x + width; at += step) {
    const begin = Math.max(at, x);
    const end = Math.min(at + height, x + width);
    context.moveTo(begin, y + height - (begin - at));
    context.lineTo(end, y + height - (end - at));
  }
  context.stroke();
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  const size = Math.min(width, height);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + size, y + height);
  context.moveTo(x + size, y);
  context.lineTo(x, y + height);
  context.stroke();
}
