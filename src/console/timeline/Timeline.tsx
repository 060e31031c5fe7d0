import { useEffect, useRef, useState } from 'preact/hooks';
import type { SyncStatus } from '../../../machines/protocol/dispatcherOutput.js';
import { useSelected } from '../kit/useSelected.js';
import { shownMicrogrid } from '../machine/consoleContext.js';
import type { ConsoleProps } from '../page/Console.js';
import { BarTip } from './BarTip.js';
import { barPlaceText } from './barText.js';
import { laneHeightPx } from './paintBars.js';
import { previewKey } from './picture.js';
import { TimeAxis } from './TimeAxis.js';
import { timelineKeys } from './timelineKeys.js';
import { timelinePointer } from './timelinePointer.js';
import { type BarAtPlace, type PaintedTimeline, TimelineScene } from './timelineScene.js';

/** Lanes above and below those in view whose names are there, too. */
const spareLanes = 4;

/** The timeline: its axis, the names of its lanes, and the canvas with the runs. */
export function Timeline({ actor, port }: ConsoleProps) {
  const [painted, setPainted] = useState<PaintedTimeline | null>(null);
  const [scrollPx, setScrollPx] = useState(0);
  const [pointed, setPointed] = useState<BarAtPlace | null>(null);
  const [said, say] = useState('');
  const zone = useSelected(actor, ({ context }) => context.view.zone);
  const filter = useSelected(actor, ({ context }) => context.view.filter);
  const syncState = useSelected(actor, ({ context }) => shownMicrogrid(context)?.sync?.state);
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLElement>(null);
  const scene = useRef<TimelineScene | null>(null);
  useEffect(() => {
    const [element, area] = [canvas.current, scroller.current];
    if (element === null || area === null) return undefined;
    const painting = new TimelineScene(element, {
      actor,
      monotonicMs: () => port.clock.monotonicMs(),
      onPainted: setPainted,
    });
    scene.current = painting;
    const point = (place: BarAtPlace | null) => {
      setPointed(place);
      if (place !== null) say(barPlaceText(place, actor.getSnapshot().context));
    };
    const undoPointer = timelinePointer(element, { actor, scene: painting, onPoint: setPointed });
    const undoKeys = timelineKeys(area, { actor, scene: painting, canvas: element, onPoint: point, say });
    return () => {
      undoPointer();
      undoKeys();
      painting.close();
    };
  }, [actor, port]);
  const lanes = painted?.picture?.lanes ?? [];
  const first = Math.max(0, Math.floor(scrollPx / laneHeightPx) - spareLanes);
  const last = Math.ceil((scrollPx + (painted?.height ?? 0)) / laneHeightPx) + spareLanes;
  const count = lanes.length;
  return (
    <div class="timeline">
      <TimeAxis painted={painted} zone={zone} />
      <section
        class="lanes"
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys of the timeline need a place to go to
        tabIndex={0}
        aria-label={`Timeline of ${count} lanes. Arrow keys move, plus and minus zoom, Shift and an arrow go from run to run, Enter shows one; the table has the same as text.`}
        onScroll={event => {
          setScrollPx(event.currentTarget.scrollTop);
          if (scene.current !== null) scene.current.scrollPx = event.currentTarget.scrollTop;
        }}
      >
        <div class="lane-space" style={{ height: `${count * laneHeightPx}px` }}>
          <ul class="lane-names">
            {lanes.slice(first, last).map(({ key, title }, index) => (
              <li key={key} style={{ top: `${(first + index) * laneHeightPx}px` }} title={title}>
                {title}
              </li>
            ))}
          </ul>
        </div>
        {/* It stays where it is while the lanes scroll. */}
        <canvas ref={canvas} />
      </section>
      {painted?.isBehind === true ? (
        <p class="drawing" role="status">
          Drawing …
        </p>
      ) : (
        count === 0 && painted !== null && <p class="empty">{emptyText(syncState, filter.trim())}</p>
      )}
      {painted !== null && hidesPreview(painted) && (
        <p class="hidden-preview" role="status">
          What would be saved has no run in this time.
        </p>
      )}
      {pointed !== null && <BarTip place={pointed} actor={actor} painted={painted} />}
      <p class="unseen" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

/** Whether there is a preview, and all of it outside of the view. */
function hidesPreview({ picture, isBehind, fromMs, toMs }: PaintedTimeline): boolean {
  const lane = picture?.lanes.find(({ key }) => key === previewKey);
  if (lane === undefined || isBehind) return false;
  return !lane.segments.some(({ startMs, endMs }) => startMs < toMs && (endMs > fromMs || startMs >= fromMs));
}

/** Why a timeline is empty. */
function emptyText(syncState: SyncStatus['state'] | undefined, filter: string): string {
  const isReading = syncState === 'starting' || syncState === 'connecting' || syncState === 'catchingUp';
  if (isReading) return 'Reading the dispatches …';
  return filter === '' ? 'No dispatch to show.' : `No dispatch that is shown matches the filter “${filter}”.`;
}
