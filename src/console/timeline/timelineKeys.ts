import type { ConsoleActor } from '../machine/consoleMachine.js';
import { laneHeightPx } from './paintBars.js';
import { runChoice } from './segment.js';
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
  }: {
    actor: ConsoleActor;
    scene: TimelineScene;
    canvas: HTMLCanvasElement;
    onPoint: (place: BarAtPlace | null) => void;
  },
): () => void {
  let lane = 0;
  let place: BarAtPlace | null = null;
  const point = (next: BarAtPlace | null) => {
    place = next;
    onPoint(next);
  };
  const toLane = (step: number) => {
    const count = Math.round((area.firstElementChild as HTMLElement).offsetHeight / laneHeightPx);
    lane = Math.max(0, Math.min(count - 1, lane + step));
    scene.cursorLane = lane;
    const [top, view] = [lane * laneHeightPx, canvas.clientHeight];
    if (top < area.scrollTop) area.scrollTop = top;
    else if (top + laneHeightPx > area.scrollTop + view) area.scrollTop = top + laneHeightPx - view;
    point(null);
  };
  /** The next run of the lane to the right or left, or the first that is in view. */
  const toRun = (step: 1 | -1) => {
    const bars = scene.barsOf(lane);
    const ratio = devicePixelRatio || 1;
    const x = place === null ? (step === 1 ? -1 : Number.POSITIVE_INFINITY) : place.x * ratio;
    const next = step === 1 ? bars.find(bar => bar.x > x + 0.5) : bars.findLast(bar => bar.x < x - 0.5);
    if (next === undefined) return;
    scene.cursorLane = lane;
    point(scene.barAt((next.x + 0.5) / ratio, lane * laneHeightPx - area.scrollTop + 1));
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
