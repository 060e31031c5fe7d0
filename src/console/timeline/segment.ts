import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { ViewChoices } from '../view/viewState.js';
import type { ThinRun } from './thinRuns.js';

/** A run of a dispatch in a picture. */
export interface PicturedRun extends ThinRun {
  readonly record: DispatchRecord;
  /** Whether it was delivered, where that is known of this very run. */
  readonly isDelivered?: boolean;
}

/** The choice of a run; of several that are drawn as one, that of their dispatch. */
export function runChoice({ record, isMerged, startMs }: PicturedRun): ViewChoices {
  return { chosenId: record.id, chosenRunMs: isMerged ? null : startMs };
}

/** A part of a run that is drawn in one way. */
export interface Segment {
  readonly run: PicturedRun;
  readonly startMs: number;
  /** Infinity: without end. */
  readonly endMs: number;
  /** Whether another dispatch is in force meanwhile. */
  readonly isCovered: boolean;
}

/** A time from an instant to another: `[startMs, endMs)`. */
export interface Interval {
  readonly startMs: number;
  /** Infinity: without end. */
  readonly endMs: number;
}
