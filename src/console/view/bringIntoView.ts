import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { thinRuns } from '../timeline/thinRuns.js';
import { choose, pan, type ViewState } from './viewState.js';

/** Share of the view that lies before a run that it is moved to. */
const shareBefore = 0.25;

/** Chooses a dispatch, and moves the view to its present or next run, or else its first one, where that is not in view. */
export function bringIntoView(view: ViewState, record: DispatchRecord, nowMs: number): ViewState {
  const chosen = choose(view, { chosenId: record.id });
  const { startMs, endMs } = runToShow(record, nowMs);
  const { fromMs, toMs } = view;
  if (startMs < toMs && (endMs > fromMs || startMs >= fromMs)) return chosen;
  return pan(chosen, startMs - (fromMs + (toMs - fromMs) * shareBefore));
}

function runToShow(record: DispatchRecord, nowMs: number): { startMs: number; endMs: number } {
  const first = {
    startMs: record.startTimeMs,
    endMs: record.startTimeMs + (record.durationMs ?? Number.POSITIVE_INFINITY),
  };
  try {
    const next = thinRuns(record, nowMs, Number.POSITIVE_INFINITY, 1).next();
    return next.done ? first : next.value;
  } catch (error) {
    // Its rule cannot be evaluated: its panel says why.
    if (!(error instanceof RangeError)) throw error;
    return first;
  }
}
