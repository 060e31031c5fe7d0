import type { ConsoleActor } from '../../../src/console/machine/consoleMachine.js';
import { laneHeightPx } from '../../../src/console/timeline/paintBars.js';
import { TimelineScene } from '../../../src/console/timeline/timelineScene.js';

/** Measures frames of a timeline that is panned, in turn with frames of a bare canvas that fills as many rectangles. */
export async function measureFrames(
  actor: ConsoleActor,
  count: number,
): Promise<{ rectangles: number; timelineMs: number[]; bareMs: number[] }> {
  const [canvas, bare] = [newCanvas(), newCanvas()];
  let isReady = false;
  const scene = new TimelineScene(canvas, {
    actor,
    monotonicMs: () => performance.now(),
    onPainted: ({ picture }) => {
      isReady = picture !== null;
    },
  });
  while (!isReady) await new Promise(resolve => setTimeout(resolve, 20));
  const lanes = Math.floor(canvas.clientHeight / laneHeightPx);
  const rectangles = () =>
    Array.from({ length: lanes }, (_, lane) => scene.barsOf(lane)).flatMap((bars, lane) =>
      bars.map(({ x, width }) => [x, lane * laneHeightPx + 6, width, 14] as const),
    );
  Object.assign(bare, { width: canvas.width, height: canvas.height });
  const [timelineMs, bareMs]: [number[], number[]] = [[], []];
  for (let frame = 0; frame < count; frame += 1) {
    const { fromMs, toMs } = actor.getSnapshot().context.view;
    actor.send({ type: 'view.panned', byMs: ((toMs - fromMs) / canvas.width) * (frame % 2 === 0 ? 3 : -3) });
    timelineMs.push(measure(canvas, () => scene.paint()));
    const context = bare.getContext('2d');
    const filled = rectangles();
    bareMs.push(
      measure(bare, () => {
        context?.clearRect(0, 0, bare.width, bare.height);
        if (context !== null) context.fillStyle = '#4d7fbd';
        for (const [x, y, width, height] of filled) context?.fillRect(x, y, width, height);
      }),
    );
    await new Promise(resolve => setTimeout(resolve, 0));
  }
  const total = rectangles().length;
  scene.close();
  canvas.remove();
  bare.remove();
  return { rectangles: total, timelineMs, bareMs };
}

/** The time of drawing, with what the browser has put off. */
function measure(canvas: HTMLCanvasElement, draw: () => void): number {
  const beganMs = performance.now();
  draw();
  canvas.getContext('2d')?.getImageData(0, 0, 1, 1);
  return performance.now() - beganMs;
}

function newCanvas(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  Object.assign(canvas.style, { position: 'fixed', inset: '0', width: '1600px', height: '650px' });
  document.body.append(canvas);
  return canvas;
}
