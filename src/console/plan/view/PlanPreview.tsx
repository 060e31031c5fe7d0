import { useEffect, useRef } from 'preact/hooks';

import type { Run } from '../../../model/schedule.js';
import { zonedTimeText } from '../../../planning/zonedTimeText.js';
import { Scrolled } from '../../kit/Scrolled.js';
import { nextRuns } from '../draft/nextRuns.js';
import type { PlanOverlap } from '../draft/planOverlaps.js';
import type { PlanFormContext } from '../planFormContext.js';

/** What a form would make: what about it is unexpected, the next runs, and with `overlaps` runs of others at the same time. */
export function PlanPreview({
  context,
  showsOverlaps,
}: {
  readonly context: PlanFormContext;
  readonly showsOverlaps: boolean;
}) {
  const { draft, textsZone: zone, nowMs, overlaps } = context;
  const runs = nextRuns(draft.records, nowMs);
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    if (showsOverlaps) element.current?.scrollIntoView({ block: 'start' });
  }, [showsOverlaps]);
  return (
    <section class="plan-preview" ref={element} aria-label="What would happen">
      {draft.notes.length > 0 && (
        <ul class="notes">
          {draft.notes.map(text => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      {showsOverlaps && <Overlaps overlaps={overlaps} zone={zone} />}
      {draft.records.length > 0 && (
        <>
          <h3>{context.fields.active ? 'Next runs' : 'Next runs if it were active'}</h3>
          {runs.length === 0 ? <p>There is no run to come.</p> : <Runs runs={runs} zone={zone} />}
        </>
      )}
    </section>
  );
}

function Runs({ runs, zone }: { readonly runs: readonly Run[]; readonly zone: string }) {
  return (
    <Scrolled label="Next runs">
      <table class="runs">
        <thead>
          <tr>
            <th scope="col">Start ({zone})</th>
            {zone !== 'UTC' && <th scope="col">UTC</th>}
            <th scope="col">End ({zone})</th>
          </tr>
        </thead>
        <tbody>
          {runs.map(({ startMs, endMs }) => (
            <tr key={startMs}>
              <td>{zonedTimeText(startMs, zone)}</td>
              {zone !== 'UTC' && <td>{new Date(startMs).toISOString().slice(0, 19).replace('T', ' ')}</td>}
              <td>{endText(startMs, endMs, zone)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

/** The end of a run; without its day where that is the day of the start. */
function endText(startMs: number, endMs: number | null, zone: string): string {
  if (endMs === null) return 'without end';
  const [start, end] = [zonedTimeText(startMs, zone), zonedTimeText(endMs, zone)];
  const day = 'Mon 2026-01-01 '.length;
  return start.slice(0, day) === end.slice(0, day) ? end.slice(day) : end;
}

function Overlaps({ overlaps, zone }: { readonly overlaps: readonly PlanOverlap[]; readonly zone: string }) {
  if (overlaps.length === 0) return <p>None of its next runs meets another for the same components.</p>;
  return (
    <>
      <h3>Runs of others at the same time</h3>
      <ul class="overlaps">
        {overlaps.map(({ otherId, otherType, run, otherRun }) => (
          <li key={otherId}>
            Its run of {zonedTimeText(run.startMs, zone)} meets that of dispatch {otherId} ({otherType}) of{' '}
            {zonedTimeText(otherRun.startMs, zone)}.
          </li>
        ))}
      </ul>
    </>
  );
}
