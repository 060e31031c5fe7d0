import { useDispatches } from '../kit/useDispatches.js';
import { useSelected } from '../kit/useSelected.js';
import { delayText } from '../log/delayText.js';
import { eventLogIn } from '../log/eventLog.js';
import { shownMicrogrid } from '../machine/consoleContext.js';
import type { ConsoleProps } from './Console.js';

/** Number of dispatches above which the waiting ones are not counted each time. */
const maxCounted = 20_000;

/** Numbers of the shown microgrid at present: which dispatches run or will, which runs were missed, and how late the last start or stop was. */
export function Counters({ actor }: Pick<ConsoleProps, 'actor'>) {
  const dispatches = useDispatches(actor);
  const microgrid = useSelected(actor, ({ context }) => shownMicrogrid(context));
  useSelected(actor, ({ context }) => context.nowMs);
  const isElsewhere = useSelected(actor, ({ context }) => context.travelMs !== null);
  const log = eventLogIn(actor.getSnapshot().children);
  if (microgrid === undefined || dispatches === undefined) return null;
  let waiting: number | null = dispatches.size > maxCounted ? null : 0;
  if (waiting !== null) for (const id of dispatches.ids()) if (dispatches.get(id)?.state === 'idle') waiting += 1;
  const lagMs = log?.lagMs(microgrid.id) ?? null;
  const missed = log?.missed(microgrid.id) ?? 0;
  return (
    <dl class="counters">
      {isElsewhere && <Counter name="At present:" value="" />}
      <Counter name="dispatches:" value={dispatches.size} />
      <Counter name="running" value={dispatches.runningCount} />
      <Counter name="waiting" value={waiting ?? 'many'} />
      <Counter name="runs missed" value={missed} isAlarming={missed > 0} />
      <Counter name="lag" value={lagMs === null ? '–' : delayText(lagMs)} />
    </dl>
  );
}

interface CounterProps {
  readonly name: string;
  readonly value: number | string;
  readonly isAlarming?: boolean;
}

function Counter({ name, value, isAlarming = false }: CounterProps) {
  return (
    <div class={isAlarming ? 'alarming' : ''}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
