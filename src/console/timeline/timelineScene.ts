import { shownMicrogrid } from '../machine/consoleContext.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { componentsText } from './lanesOf.js';
import { type Bar, layoutLane, type TimeScale } from './layoutLane.js';
import { coveredFromPx, laneHeightPx, type PaintedLane, paintBars } from './paintBars.js';
import { type Painting, paintChosen, paintGround, paintInstant, paintOverlaps } from './paintGround.js';
import { type Palette, readPalette } from './palette.js';
import type { Lane, Picture } from './picture.js';
import { PictureSource, presentOf } from './pictureSource.js';
import { type TimeTicks, timeTicks } from './timeTicks.js';

/** Width of a mark of the axis with room, in pixels of the page. */
const tickPx = 72;

/** Minimum width of a bar with room beside it, in pixels of the page: more than the line of the present. */
const minBarPx = 5;

/** Maximum time of a frame for preparing pictures, in milliseconds. */
const buildMs = 6;

/** What is painted, for what lies around and above the canvas. */
export interface PaintedTimeline {
  readonly picture: Picture | null;
  /** Whether the picture is still that of another view, or shows nothing while there may be something. */
  readonly isBehind: boolean;
  readonly ticks: TimeTicks;
  readonly fromMs: number;
  readonly toMs: number;
  /** Size of the canvas, in pixels of the page. */
  readonly width: number;
  readonly height: number;
}

/** A bar under a place of the timeline. */
export interface BarAtPlace {
  readonly lane: Lane;
  readonly bar: Bar;
  /** Left and width of the bar and top of its lane in the canvas, in pixels of the page. */
  readonly x: number;
  readonly width: number;
  readonly y: number;
}

/** Paints the timeline in a canvas: at most once for each frame of the browser, when something has changed. */
export class TimelineScene {
  readonly #canvas: HTMLCanvasElement;
  readonly #actor: ConsoleActor;
  readonly #source: PictureSource;
  readonly #onPainted: (painted: PaintedTimeline) => void;
  readonly #undo: (() => void)[] = [];
  readonly #bars = new Map<string, readonly Bar[]>();
  #palette: Palette | null = null;
  #scrollPx = 0;
  #cursorLane: number | null = null;
  #frame = 0;
  #timer = 0;
  #pool: unknown = null;
  #undoPool = () => {};

  constructor(
    canvas: HTMLCanvasElement,
    {
      actor,
      monotonicMs,
      onPainted,
    }: { actor: ConsoleActor; monotonicMs: () => number; onPainted: (painted: PaintedTimeline) => void },
  ) {
    this.#canvas = canvas;
    this.#actor = actor;
    this.#source = new PictureSource(actor, monotonicMs);
    this.#onPainted = onPainted;
    const subscription = actor.subscribe(() => this.#look());
    const observer = new ResizeObserver(() => this.invalidate());
    observer.observe(canvas);
    const themes = new MutationObserver(() => {
      this.#palette = null;
      this.invalidate();
    });
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    this.#undo.push(
      () => subscription.unsubscribe(),
      () => observer.disconnect(),
      () => themes.disconnect(),
      () => this.#undoPool(),
    );
    this.#look();
  }

  /** Paints it anew with the next frame. */
  invalidate(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.paint();
    });
  }

  /** How far the lanes are scrolled, in pixels of the page. */
  set scrollPx(px: number) {
    this.#scrollPx = px;
    this.invalidate();
  }

  /** The lane that the keyboard is in; null: it is elsewhere. */
  set cursorLane(laneIndex: number | null) {
    this.#cursorLane = laneIndex;
    this.invalidate();
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    for (const undo of this.#undo) undo();
  }

  /** The bar at a place of the canvas, in pixels of the page; null: there is none. */
  barAt(x: number, y: number): BarAtPlace | null {
    const index = Math.floor((y + this.#scrollPx) / laneHeightPx);
    const at = x * this.#ratio;
    const found = this.barsOf(index).filter(bar => bar.x <= at && at < bar.x + bar.width);
    const isLow = y + this.#scrollPx - index * laneHeightPx >= coveredFromPx;
    const bar = found.at(isLow ? -1 : 0);
    return bar === undefined ? null : this.placeOf(index, bar);
  }

  /** Where a bar of a lane is; null: there is no such lane any more. */
  placeOf(laneIndex: number, bar: Bar): BarAtPlace | null {
    const lane = this.lanes[laneIndex];
    if (lane === undefined) return null;
    const ratio = this.#ratio;
    const y = laneIndex * laneHeightPx - this.#scrollPx;
    return { lane, bar, x: bar.x / ratio, width: bar.width / ratio, y };
  }

  /** The lanes of the picture. */
  get lanes(): readonly Lane[] {
    return this.#source.picture?.lanes ?? [];
  }

  /** The bars of a lane that is in view. */
  barsOf(laneIndex: number): readonly Bar[] {
    const lane = this.lanes[laneIndex];
    return (lane && this.#bars.get(lane.key)) ?? [];
  }

  /** Paints it now. */
  paint(): void {
    const canvas = this.#canvas;
    const ratio = this.#ratio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (columns === 0 || rows === 0) return;
    if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
    const more = this.#source.work(columns, buildMs);
    if (more === 'soon') this.invalidate();
    else if (more === 'later') this.#lookLater();
    const context = canvas.getContext('2d');
    if (context === null) return;
    const { view, nowMs, travelMs } = this.#actor.getSnapshot().context;
    const scale: TimeScale = {
      fromMs: view.fromMs,
      msPerColumn: (view.toMs - view.fromMs) / columns,
      columns,
      minColumns: Math.round(minBarPx * ratio),
    };
    const ticks = timeTicks(view.zone, view.fromMs, view.toMs, Math.max(2, width / tickPx));
    this.#palette ??= readPalette(canvas);
    const palette = this.#palette;
    const painting: Painting = { context, palette, scale, rows, ratio, scrollPx: this.#scrollPx };
    paintGround(painting, ticks, this.#cursorLane);
    const lanes = this.#layout(scale, height);
    paintBars(context, lanes, palette, ratio, ({ segment: { run } }) =>
      view.lanes === 'dispatch' ? componentsText(run.record) : `${run.record.id} · ${componentsText(run.record)}`,
    );
    for (const { overlaps, y } of lanes) paintOverlaps(painting, overlaps, y);
    if (view.chosenId !== null) paintChosen(painting, lanes, view.chosenId);
    paintInstant(painting, nowMs, palette.now);
    if (travelMs !== null) paintInstant(painting, travelMs, palette.travel, [6, 4]);
    const isBehind = this.#source.isBehind(columns);
    this.#onPainted({
      picture: this.#source.picture,
      isBehind,
      ticks,
      fromMs: view.fromMs,
      toMs: view.toMs,
      width,
      height,
    });
  }

  get #ratio(): number {
    return devicePixelRatio || 1;
  }

  #look(): void {
    const snapshot = this.#actor.getSnapshot();
    const microgrid = shownMicrogrid(snapshot.context);
    const pool = microgrid?.dispatcher.getSnapshot().children.pool;
    if (pool !== this.#pool) {
      this.#undoPool();
      this.#pool = pool;
      this.#source.markStale();
      const subscription = pool?.subscribe(() => {
        this.#source.markStale();
        this.invalidate();
      });
      this.#undoPool = () => subscription?.unsubscribe();
    }
    this.invalidate();
  }

  /** Changed dispatches are drawn after a while, whatever else changes. */
  #lookLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.invalidate(), 100) as unknown as number;
  }

  #layout(scale: TimeScale, height: number): (PaintedLane & Pick<Lane, 'overlaps'>)[] {
    const { lanes } = this;
    const first = Math.max(0, Math.floor(this.#scrollPx / laneHeightPx));
    const last = Math.min(lanes.length, Math.ceil((this.#scrollPx + height) / laneHeightPx));
    const present = presentOf(this.#actor.getSnapshot());
    this.#bars.clear();
    return lanes.slice(first, last).map((lane, index) => {
      const bars = layoutLane(lane, scale, present);
      this.#bars.set(lane.key, bars);
      return { bars, overlaps: lane.overlaps, y: (first + index) * laneHeightPx - this.#scrollPx };
    });
  }
}
