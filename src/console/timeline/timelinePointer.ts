import type { ConsoleActor } from '../machine/consoleMachine.js';
import { runChoice } from './segment.js';
import type { BarAtPlace, TimelineScene } from './timelineScene.js';

/** Factor of the time that is shown for one pixel of the wheel. */
const zoomPerPixel = 1.0015;

/** Distance in pixels of the page from which on a press is a drag. */
const dragFromPx = 4;

/** Minimum distance of two fingers that counts, in pixels of the page. */
const minPinchPx = 20;

interface Press {
  x: number;
  y: number;
}

/**
 * Mouse and touch on the timeline: a drag pans, the wheel with Ctrl zooms and sideways pans, two fingers zoom, a click chooses a dispatch; a tap tells
 * about its run as well.
 *
 * @returns its undo.
 */
export function timelinePointer(
  canvas: HTMLCanvasElement,
  { actor, scene, onPoint }: { actor: ConsoleActor; scene: TimelineScene; onPoint: (place: BarAtPlace | null) => void },
): () => void {
  const pressed = new Map<number, Press>();
  let isDragged = false;
  let isTouch = false;
  const undo = new AbortController();
  const on = <Type extends keyof HTMLElementEventMap>(
    type: Type,
    listener: (event: HTMLElementEventMap[Type]) => void,
    options: AddEventListenerOptions = {},
  ) => canvas.addEventListener(type, listener, { ...options, signal: undo.signal });
  const msPerPx = () => {
    const { fromMs, toMs } = actor.getSnapshot().context.view;
    return (toMs - fromMs) / canvas.clientWidth;
  };
  const timeAt = (x: number) => actor.getSnapshot().context.view.fromMs + x * msPerPx();
  const zoom = (factor: number, x: number) => actor.send({ type: 'view.zoomed', factor, aroundMs: timeAt(x) });

  on(
    'wheel',
    event => {
      const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (!event.ctrlKey && !event.metaKey && !isSideways) return;
      event.preventDefault();
      const px = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      if (event.ctrlKey || event.metaKey) zoom(zoomPerPixel ** (event.deltaY * px), event.offsetX);
      else actor.send({ type: 'view.panned', byMs: (event.deltaX || event.deltaY) * px * msPerPx() });
    },
    { passive: false },
  );
  on('pointerdown', event => {
    if (event.button !== 0) return;
    if (pressed.size === 0) isDragged = false;
    isTouch = event.pointerType === 'touch';
    pressed.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  });
  on('pointermove', event => {
    const { offsetX: x, offsetY: y, pointerId } = event;
    const press = pressed.get(pointerId);
    if (press === undefined) {
      onPoint(scene.barAt(x, y));
      return;
    }
    if (!isDragged && Math.hypot(x - press.x, y - press.y) < dragFromPx) return;
    if (!isDragged) canvas.setPointerCapture(pointerId);
    isDragged = true;
    onPoint(null);
    const other = [...pressed].find(([id]) => id !== pointerId)?.[1];
    if (other === undefined) actor.send({ type: 'view.panned', byMs: (press.x - x) * msPerPx() });
    else {
      // What is under the other finger stays there.
      const distance = (of: Press) => Math.max(minPinchPx, Math.hypot(of.x - other.x, of.y - other.y));
      zoom(distance(press) / distance({ x, y }), other.x);
    }
    pressed.set(pointerId, { x, y });
  });
  const release = (event: PointerEvent) => {
    pressed.delete(event.pointerId);
  };
  on('pointerup', release);
  on('pointercancel', release);
  on('pointerleave', () => onPoint(null));
  // With two fingers the browser would scroll, and take them away, when they move up or down.
  const keepFingers = (event: TouchEvent) => {
    if (event.touches.length > 1) event.preventDefault();
  };
  on('touchstart', keepFingers, { passive: false });
  on('touchmove', keepFingers, { passive: false });
  on('click', event => {
    if (isDragged) return;
    const place = scene.barAt(event.offsetX, event.offsetY);
    // A finger cannot point without a tap.
    if (isTouch) onPoint(place);
    const choices = place === null ? { chosenId: null } : runChoice(place.bar.segment.run);
    actor.send({ type: 'view.chosen', choices });
  });
  on('dblclick', event => zoom(0.5, event.offsetX));
  return () => undo.abort();
}
