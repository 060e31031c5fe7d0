import type { DispatchRegistry } from '../../../machines/pool/dispatchRegistry.js';
import { registryOf, shownMicrogrid } from '../machine/consoleContext.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { useSelected } from './useSelected.js';
import { useThrottled } from './useThrottled.js';

/** The dispatches of the shown microgrid; the component is rendered again when they change, though not at each change. */
export function useDispatches(actor: ConsoleActor): DispatchRegistry | undefined {
  const dispatcher = useSelected(actor, ({ context }) => shownMicrogrid(context)?.dispatcher);
  useThrottled(dispatcher?.getSnapshot().children.pool);
  const microgrid = shownMicrogrid(actor.getSnapshot().context);
  return microgrid && registryOf(microgrid);
}
