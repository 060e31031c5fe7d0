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
      {isElsewhere && <Counter name="now:" value="" title="The numbers are of the present" />}
      <Counter name="dispatches" value={dispatches.size} title="Dispatches in all" />
      <Counter name="running" value={dispatches.runningCount} title="Dispatches that run" />
      <Counter name="waiting" value={waiting ?? 'many'} title="Dispatches that wait for their next run" />
      <Counter name="missed" value={missed} title="Runs that passed unnoticed" isAlarming={missed > 0} />
      <Counter name="lag" value={lagMs === null ? '–' : delayText(lagMs)} title="Delay of the last start or stop" />
    </dl>
  );
}

interface CounterProps {
  readonly name: string;
  readonly value: number | string;
  /** What is counted. */
  readonly title: string;
  readonly isAlarming?: boolean;
}

function Counter({ name, value, title, isAlarming = false }: CounterProps) {
  return (
    <div class={isAlarming ? 'alarming' : ''} title={title}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
