import { offsetAt } from '../../model/recurrence/localTime.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { isPart, localText, styleNames, timesText } from './barText.js';
import { countRuns } from './countRuns.js';
import { componentsText, dispatchName } from './lanesOf.js';
import { laneHeightPx } from './paintBars.js';
import type { BarAtPlace, PaintedTimeline } from './timelineScene.js';

/** Maximum number of runs that are counted where several are one bar. */
const maxCounted = 1_000;

/** Properties of a {@link BarTip}. */
export interface BarTipProps {
  readonly place: BarAtPlace;
  readonly actor: ConsoleActor;
  readonly painted: PaintedTimeline | null;
}

/** What is known of the run under the pointer. */
export function BarTip({ place, actor, painted }: BarTipProps) {
  const { context } = actor.getSnapshot();
  const { run, startMs, endMs } = place.bar.segment;
  const { record } = run;
  const width = painted?.width ?? 0;
  const left = Math.max(0, Math.min(place.x, width - 300));
  const isLow = place.y + laneHeightPx + 150 > (painted?.height ?? 0) && place.y > 150;
  const style = isLow
    ? { left: `${left}px`, bottom: `${(painted?.height ?? 0) - place.y + 4}px` }
    : { left: `${left}px`, top: `${place.y + laneHeightPx + 4}px` };
  return (
    <div class="tip-place">
      <div class="tip" style={style}>
        <b>{dispatchName(record)}</b> <span class={`state ${place.bar.style}`}>{styleNames[place.bar.style]}</span>
        <dl>
          <dt>from</dt>
          <dd>{bothTimes(startMs, context.view.zone)}</dd>
          <dt>to</dt>
          <dd>{bothTimes(endMs, context.view.zone)}</dd>
          {isPart(place) && (
            <>
              <dt>of</dt>
              <dd>the run {timesText(run, context.view.zone)}</dd>
            </>
          )}
          {run.isMerged && (
            <>
              <dt>runs</dt>
              <dd>{countText(place)}</dd>
            </>
          )}
          <dt>for</dt>
          <dd>{componentsText(record)}</dd>
        </dl>
        {isOverlapped(place) && <em>overlaps another dispatch for the same components</em>}
      </div>
    </div>
  );
}

function bothTimes(atMs: number, zone: string) {
  if (!Number.isFinite(atMs)) return 'without end';
  const utc = `${localText(atMs, 0)} UTC`;
  if (zone === 'UTC') return utc;
  return (
    <>
      {localText(atMs, offsetAt(zone, atMs))} <small>{utc}</small>
    </>
  );
}

function countText({ bar: { segment } }: BarAtPlace): string {
  const count = countRuns(segment.run, segment.run, maxCounted);
  return count > maxCounted ? `more than ${maxCounted}` : String(count);
}

function isOverlapped({ lane, bar: { segment } }: BarAtPlace): boolean {
  return lane.overlaps.some(({ startMs, endMs }) => startMs < segment.endMs && segment.startMs < endMs);
}
