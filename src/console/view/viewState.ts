import type { DispatchRecord } from '../../model/dispatchRecord.js';

/** Shortest and longest time that the timeline shows, in milliseconds. */
const shortestSpanMs = 60_000;
const longestSpanMs = 2 * 366 * 86_400_000;

/** Share of the view that lies before now while the view follows it. */
const shareBeforeNow = 0.25;

/** What the lanes of the timeline stand for. */
export type LaneKind = 'type' | 'component' | 'dispatch';

/** Names of the merge strategies by which runs are in force or covered. */
export type MergeName = 'none' | 'type' | 'type-and-selector';

/** What is shown and how; JSON-safe. */
export interface ViewState {
  /** Start of what the timeline shows, milliseconds since the epoch. */
  readonly fromMs: number;
  /** Its end, milliseconds since the epoch. */
  readonly toMs: number;
  /** Whether the timeline moves with the present. */
  readonly follows: boolean;
  /** IANA name of the time zone that times are shown in, beside UTC. */
  readonly zone: string;
  readonly lanes: LaneKind;
  readonly merge: MergeName;
  /** Text that is searched in id, type and components; empty: all. */
  readonly filter: string;
  readonly showsDryRuns: boolean;
  readonly showsInactive: boolean;
  /** Whether the runs are shown as a table of text. */
  readonly asTable: boolean;
  readonly theme: 'system' | 'light' | 'dark';
  /** Id of the chosen dispatch of the shown microgrid; null: none. */
  readonly chosenId: number | null;
  /** Start of its run that was chosen, milliseconds since the epoch; null: the dispatch as a whole. */
  readonly chosenRunMs: number | null;
  /** Records that a change would leave, drawn beside what is stored; empty: no change is in the making. */
  readonly preview: readonly DispatchRecord[];
}

/** The parts of the view that are chosen directly. */
export type ViewChoices = Partial<Omit<ViewState, 'fromMs' | 'toMs' | 'follows' | 'preview'>>;

/** Takes choices over; one of a dispatch without one of its runs is of no run. */
export function choose(view: ViewState, choices: ViewChoices): ViewState {
  return { ...view, ...(choices.chosenId !== undefined && { chosenRunMs: null }), ...choices };
}

/** The view at the beginning: some hours around the present. */
export function initialView(nowMs: number, zone: string): ViewState {
  return followNow(
    {
      fromMs: nowMs,
      toMs: nowMs + 24 * 3_600_000,
      follows: true,
      zone,
      lanes: 'type',
      merge: 'type-and-selector',
      filter: '',
      showsDryRuns: true,
      showsInactive: true,
      asTable: false,
      theme: 'system',
      chosenId: null,
      chosenRunMs: null,
      preview: [],
    },
    nowMs,
  );
}

/** Moves a view so that now keeps its place in it. */
export function followNow(view: ViewState, nowMs: number): ViewState {
  const spanMs = view.toMs - view.fromMs;
  const fromMs = nowMs - spanMs * shareBeforeNow;
  return { ...view, follows: true, fromMs, toMs: fromMs + spanMs };
}

/** Shows a time, at least {@link shortestSpanMs} and at most {@link longestSpanMs} of it. */
export function showTime(view: ViewState, fromMs: number, toMs: number): ViewState {
  if (!Number.isFinite(fromMs) || !Number.isFinite(toMs)) return view;
  const spanMs = Math.min(longestSpanMs, Math.max(shortestSpanMs, toMs - fromMs));
  const middleMs = (fromMs + toMs) / 2;
  return { ...view, follows: false, fromMs: middleMs - spanMs / 2, toMs: middleMs + spanMs / 2 };
}

/** Moves the view in time. */
export function pan(view: ViewState, byMs: number): ViewState {
  return Number.isFinite(byMs) ? { ...view, follows: false, fromMs: view.fromMs + byMs, toMs: view.toMs + byMs } : view;
}

/**
 * Shows `factor` times as much time, around an instant that keeps its place. A view that follows the present goes on doing so when it is
 * zoomed around no instant.
 */
export function zoom(view: ViewState, factor: number, aroundMs: number | null, nowMs: number): ViewState {
  const spanMs = view.toMs - view.fromMs;
  const nextMs = Math.min(longestSpanMs, Math.max(shortestSpanMs, spanMs * factor));
  if (!Number.isFinite(nextMs)) return view;
  if (aroundMs === null && view.follows) return followNow({ ...view, toMs: view.fromMs + nextMs }, nowMs);
  const fixedMs = aroundMs ?? (view.fromMs + view.toMs) / 2;
  const fromMs = fixedMs - ((fixedMs - view.fromMs) / spanMs) * nextMs;
  return { ...view, follows: false, fromMs, toMs: fromMs + nextMs };
}
