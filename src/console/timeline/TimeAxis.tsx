import { Fragment } from 'preact';
import { offsetAt } from '../../model/recurrence/localTime.js';
import type { PaintedTimeline } from './timelineScene.js';

/** Properties of a {@link TimeAxis}. */
export interface TimeAxisProps {
  readonly painted: PaintedTimeline | null;
  readonly zone: string;
}

/** The axis above the timeline: local time, and UTC beside it. */
export function TimeAxis({ painted, zone }: TimeAxisProps) {
  if (painted === null) return <div class="axis" />;
  const { ticks, fromMs, toMs, width } = painted;
  const place = (atMs: number) => Math.max(0, ((atMs - fromMs) / (toMs - fromMs)) * width);
  return (
    <div class="axis" aria-hidden="true">
      <span class="axis-name">
        <b>
          {zone.split(/(?<=\/)/).map(part => (
            <Fragment key={part}>
              {part}
              <wbr />
            </Fragment>
          ))}
        </b>
        <br />
        {ticks.areTimes && zone !== 'UTC' ? 'UTC' : ''}
      </span>
      <div class="ticks">
        {ticks.coarse.map(({ atMs, text }, index) => {
          const next = ticks.coarse[index + 1];
          const room = (next === undefined ? width : place(next.atMs)) - place(atMs);
          if (room < 40) return null;
          return (
            <span
              key={atMs}
              class="coarse"
              style={{ left: `${place(atMs)}px`, maxWidth: `${Math.max(0, room - 8)}px` }}
            >
              {text}
            </span>
          );
        })}
        {ticks.fine.map(({ atMs, text }) => (
          <span key={atMs} class="fine" style={{ left: `${place(atMs)}px` }}>
            {text}
            {ticks.areTimes && zone !== 'UTC' && offsetAt(zone, atMs) !== 0 && (
              <small>{new Date(atMs).toISOString().slice(11, 11 + text.length)}</small>
            )}
          </span>
        ))}
      </div>
    </div>
  );
}
