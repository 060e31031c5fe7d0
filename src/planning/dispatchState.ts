import type { Dispatch } from '../dispatch.js';
import { awayText, timeText } from './timeText.js';

/** State of a dispatch at a time. */
export interface DispatchState {
  /** The state in one word. */
  readonly name: 'running' | 'waiting' | 'finished' | 'inactive' | 'deleted' | 'invalid' | 'incomplete';
  /** The state with details, such as `running for 12m more`. */
  readonly text: string;
  readonly nextRun: Date | null;
}

/** Determines the state of a dispatch at a time. `invalid`: its rule is invalid, which other services may store. */
export function dispatchState(dispatch: Dispatch, nowMs: number): DispatchState {
  const now = new Date(nowMs);
  try {
    const nextRun = dispatch.active && !dispatch.deleted ? dispatch.nextRunAfter(now) : null;
    if (dispatch.deleted) return { name: 'deleted', text: 'deleted', nextRun };
    if (!dispatch.active) return { name: 'inactive', text: 'inactive', nextRun };
    const [run] = dispatch.runs(now, new Date(nowMs + 1));
    if (run !== undefined && run.startMs <= nowMs) {
      const left = run.endMs === null ? 'without end' : `for ${awayText(new Date(run.endMs), nowMs)} more`;
      return { name: 'running', text: `running ${left}`, nextRun };
    }
    if (nextRun === null) return { name: 'finished', text: neverRuns(dispatch) ? 'never runs' : 'finished', nextRun };
    return { name: 'waiting', text: `starts in ${awayText(nextRun, nowMs)}`, nextRun };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { name: 'invalid', text: `cannot be evaluated: ${error.message}`, nextRun: null };
  }
}

/** Whether a rule reaches no time before it ends, at any time. Its service may tell an end all the same. */
export function neverRuns(dispatch: Dispatch): boolean {
  try {
    return dispatch.recurrence !== null && dispatch.nextRunAfter(dispatch.startTime) === null;
  } catch (error) {
    // Other services may store such a rule.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Formats the next run of a dispatch and the time until it. */
export function nextRunText({ nextRun }: DispatchState, nowMs: number): string {
  return nextRun === null ? 'none' : `${timeText(nextRun)}, in ${awayText(nextRun, nowMs)}`;
}
