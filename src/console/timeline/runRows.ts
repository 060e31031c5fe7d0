import { type BarStyle, type Present, styleOf } from './layoutLane.js';
import { buildPicture, type PictureRequest } from './picture.js';
import type { Segment } from './segment.js';

/** Number of slots in which runs of one dispatch are told apart in a table. */
const slots = 5_000;

/** A run, or a part of it, as a row of a table. */
export interface RunRow {
  readonly segment: Segment;
  readonly style: BarStyle;
}

/**
 * The runs that touch a time as rows, in order of their start. Runs of a dispatch that follow each other too fast to tell apart are one row.
 *
 * @param limit Maximum number of rows.
 */
export function runRows(request: PictureRequest, present: Present, limit: number): { rows: RunRow[]; isCut: boolean } {
  const { fromMs, toMs } = request;
  const resolutionMs = Math.max(1, Math.floor((toMs - fromMs) / slots));
  const steps = buildPicture({ ...request, preview: [], lanes: 'dispatch', resolutionMs });
  let step = steps.next();
  while (!step.done) step = steps.next();
  const segments = step.value.lanes
    .flatMap(lane => lane.segments)
    .filter(({ startMs, endMs }) => startMs < toMs && (endMs > fromMs || startMs >= fromMs))
    .sort((a, b) => a.startMs - b.startMs || a.run.record.id - b.run.record.id);
  const rows = segments.slice(0, limit).map(segment => ({ segment, style: styleOf(segment, present) }));
  return { rows, isCut: segments.length > limit };
}
