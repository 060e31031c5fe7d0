import type { ConsoleActor } from '../machine/consoleMachine.js';
import { laneHeightPx } from './paintBars.js';
import { runChoice, type Segment } from './segment.js';
import type { BarAtPlace, TimelineScene } from './timelineScene.js';

/** Share of the view that an arrow key pans. */
const panShare = 0.1;

/**
 * The keys of the timeline: arrows pan and go from lane to lane, with Shift from run to run; plus and minus zoom, Home shows the present,
 * Enter chooses the dispatch of the run, Escape chooses none.
 *
 * @returns its undo.
 */
export function timelineKeys(
  area: HTMLElement,
  {
    actor,
    scene,
    canvas,
    onPoint,
    say,
  }: {
    actor: ConsoleActor;
    scene: TimelineScene;
    canvas: HTMLCanvasElement;
    onPoint: (place: BarAtPlace | null) => void;
    /** Says what no bar can show. */
    say: (text: string) => void;
  },
): () => void {
  let lane = 0;
  let place: BarAtPlace | null = null;
  const point = (next: BarAtPlace | null) => {
    place = next;
    onPoint(next);
  };
  const goToLane = (index: number) => {
    lane = Math.max(0, Math.min(scene.lanes.length - 1, index));
    scene.cursorLane = lane;
    const [top, view] = [lane * laneHeightPx, canvas.clientHeight];
    if (top < area.scrollTop) area.scrollTop = top;
    else if (top + laneHeightPx > area.scrollTop + view) area.scrollTop = top + laneHeightPx - view;
    // The bars of the lane are needed at once.
    scene.scrollPx = area.scrollTop;
    scene.paint();
    point(null);
  };
  const toLane = (step: number) => {
    goToLane(lane + step);
    const title = scene.lanes[lane]?.title;
    if (title === undefined) return;
    const runs = scene.barsOf(lane).length === 0 ? ', no run in this time' : '';
    say(`Lane ${lane + 1} of ${scene.lanes.length}: ${title}${runs}`);
  };
  /** The next run of the lane to the right or left, or the first that is in view: if the lane has none, of the next lane that has. */
  const toRun = (step: 1 | -1) => {
    const { fromMs, toMs } = actor.getSnapshot().context.view;
    if (place === null && scene.barsOf(lane).length === 0) {
      const other = scene.lanes.findIndex(({ segments }) =>
        segments.some(({ startMs, endMs }) => startMs < toMs && (endMs > fromMs || startMs >= fromMs)),
      );
      if (other === -1) return say('No run in this time.');
      goToLane(other);
    }
    const bars = [...scene.barsOf(lane)].sort((a, b) => a.x - b.x);
    const at = bars.findIndex(bar => place !== null && isSame(bar.segment, place.bar.segment));
    const next = at === -1 ? bars.at(step === 1 ? 0 : -1) : bars[at + step];
    if (next === undefined) return say(`No ${step === 1 ? 'later' : 'earlier'} run in this lane and time.`);
    scene.cursorLane = lane;
    point(scene.placeOf(lane, next));
  };
  const pan = (share: number) => {
    const { fromMs, toMs } = actor.getSnapshot().context.view;
    actor.send({ type: 'view.panned', byMs: (toMs - fromMs) * share });
    point(null);
  };
  const zoom = (factor: number) => actor.send({ type: 'view.zoomed', factor, aroundMs: null });
  const keys: Readonly<Record<string, (event: KeyboardEvent) => void>> = {
    ArrowLeft: ({ shiftKey }) => (shiftKey ? toRun(-1) : pan(-panShare)),
    ArrowRight: ({ shiftKey }) => (shiftKey ? toRun(1) : pan(panShare)),
    ArrowUp: () => toLane(-1),
    ArrowDown: () => toLane(1),
    PageUp: () => pan(-1),
    PageDown: () => pan(1),
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    Home: () => actor.send({ type: 'view.followed' }),
    Enter: () => {
      if (place !== null) actor.send({ type: 'view.chosen', choices: runChoice(place.bar.segment.run) });
    },
    Escape: () => {
      point(null);
      actor.send({ type: 'view.chosen', choices: { chosenId: null } });
    },
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(event);
  };
  const onBlur = () => {
    scene.cursorLane = null;
    point(null);
  };
  area.addEventListener('keydown', onKeyDown);
  area.addEventListener('blur', onBlur);
  return () => {
    area.removeEventListener('keydown', onKeyDown);
    area.removeEventListener('blur', onBlur);
  };
}

/** Whether two segments are the same part of a run, perhaps of two pictures. */
function isSame(a: Segment, b: Segment): boolean {
  return a.run.record.id === b.run.record.id && a.startMs === b.startMs && a.isCovered === b.isCovered;
}
