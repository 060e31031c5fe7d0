import { render } from 'preact';
import { createActor } from 'xstate';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { consoleOf } from '../machine/consoleOf.js';
import type { SessionPort } from '../session/sessionPort.js';
import { Console } from './Console.js';

/** Interval at which the console takes the time, in milliseconds. */
const tickIntervalMs = 1_000;

/** A console in a page. */
export interface MountedConsole {
  readonly actor: ConsoleActor;
  /** Closes the session and empties the element. */
  unmount(): void;
}

/** Starts a console in an element; it signs in at once when the port asks for nothing. */
export function mountConsole(port: SessionPort, element: HTMLElement): MountedConsole {
  const { clock } = port;
  const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions();
  const actor = createActor(consoleOf(port), { input: { nowMs: clock.nowMs(), zone } }).start();
  let undoTick = () => {};
  const tick = () => {
    actor.send({ type: 'clock.ticked', atMs: clock.nowMs() });
    undoTick = clock.setTimer(tick, tickIntervalMs - (clock.nowMs() % tickIntervalMs));
  };
  tick();
  element.replaceChildren();
  render(<Console actor={actor} port={port} />, element);
  const { opensAtOnce = port.signInFields.length === 0 } = port;
  if (opensAtOnce) actor.send({ type: 'session.open', fields: {} });
  return {
    actor,
    unmount: () => {
      undoTick();
      render(null, element);
      actor.send({ type: 'session.close' });
      actor.stop();
    },
  };
}
