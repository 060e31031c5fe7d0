import { useEffect, useState } from 'preact/hooks';
import { registryOf, shownMicrogrid } from '../machine/consoleContext.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';

/** Renders the component again when dispatches of the shown microgrid change, at most this often, in milliseconds. */
const intervalMs = 250;

/** The dispatches of the shown microgrid; the component is rendered again when they change, though not at each change. */
export function useDispatches(actor: ConsoleActor) {
  const [, renderAgain] = useState({});
  const microgrid = shownMicrogrid(actor.getSnapshot().context);
  const dispatcher = microgrid?.dispatcher;
  useEffect(() => {
    const pool = dispatcher?.getSnapshot().children.pool;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const subscription = pool?.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        renderAgain({});
      }, intervalMs);
    });
    return () => {
      clearTimeout(timer);
      subscription?.unsubscribe();
    };
  }, [dispatcher]);
  return microgrid && registryOf(microgrid);
}
