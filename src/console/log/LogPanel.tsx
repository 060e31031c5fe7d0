import { useRef, useState } from 'preact/hooks';
import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import { offsetAt } from '../../model/recurrence/localTime.js';
import { Button } from '../kit/Button.js';
import { Choice } from '../kit/Choice.js';
import { Scrolled } from '../kit/Scrolled.js';
import { useSelected } from '../kit/useSelected.js';
import { useThrottled } from '../kit/useThrottled.js';
import type { ConsoleProps } from '../page/Console.js';
import { localText } from '../timeline/barText.js';
import type { LogEntry } from './eventLog.js';
import { isRetry, logKind, logText } from './logText.js';

/** Maximum number of entries that are shown. */
const maxShown = 200;

/** What can be shown. */
const kinds = [
  ['all', 'all'],
  ['run', 'runs'],
  ['change', 'changes'],
  ['sync', 'connection'],
  ['problem', 'problems'],
] as const;

type Kind = 'all' | ReturnType<typeof logKind>;

/** The log of what the dispatchers told: filters, search, and a pause in which it stands still and goes on behind. */
export function LogPanel({ actor }: Pick<ConsoleProps, 'actor'>) {
  const [kind, setKind] = useState<Kind>('all');
  const [search, setSearch] = useState('');
  const isPaused = useSelected(actor, snapshot => snapshot.matches({ log: 'paused' }));
  const zone = useSelected(actor, ({ context }) => context.view.zone);
  const shownId = useSelected(actor, ({ context }) => context.shownId);
  const log = actor.getSnapshot().children.log;
  const pausedAt = useRef(0);
  const count = useLogCount(actor, isPaused, pausedAt);
  const text = search.trim().toLowerCase();
  const found: LogEntry[] = [];
  for (const entry of log?.getSnapshot().context.newestFirst() ?? []) {
    if (entry.seq > count || entry.microgridId !== shownId) continue;
    if (kind !== 'all' && logKind(entry.output) !== kind) continue;
    if (kind !== 'sync' && isRetry(entry.output)) continue;
    if (text !== '' && !logText(entry).toLowerCase().includes(text)) continue;
    found.push(entry);
    if (found.length === maxShown) break;
  }
  return (
    <section class="log" aria-label="Event log">
      <div class="bar">
        <h2>Events</h2>
        <Choice label="Show" value={kind} options={kinds} onChoose={setKind} />
        <input
          type="search"
          aria-label="Search the events"
          placeholder="Search"
          value={search}
          onInput={event => setSearch(event.currentTarget.value)}
        />
        <Button pressed={isPaused} onPress={() => actor.send({ type: isPaused ? 'log.resumed' : 'log.paused' })}>
          {isPaused ? 'Go on' : 'Pause'}
        </Button>
        <span class="note">
          {found.length === maxShown
            ? `the last ${maxShown}`
            : `${found.length} ${found.length === 1 ? 'event' : 'events'}`}
        </span>
      </div>
      <Scrolled label="Events, newest first" class="fill">
        <table>
          <tbody>
            {found.map(entry => (
              <tr key={entry.seq} class={logKind(entry.output)}>
                <td class="time">{localText(entry.atMs, offsetAt(zone, entry.atMs)).slice(5)}</td>
                <td class="kind">{nameOf(entry.output)}</td>
                <td>{logText(entry)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {found.length === 0 && <p class="empty">{emptyText(kind, search.trim())}</p>}
      </Scrolled>
    </section>
  );
}

/** Why no event is shown. */
function emptyText(kind: Kind, search: string): string {
  if (kind === 'all' && search === '') return 'Nothing yet.';
  const title = kinds.find(([name]) => name === kind)?.[1];
  const asked = [kind !== 'all' && `“Show: ${title}”`, search !== '' && `“Search: ${search}”`];
  return `No event matches ${asked.filter(Boolean).join(' and ')}.`;
}

function nameOf({ type }: DispatcherOutput): string {
  return type.slice(type.indexOf('.') + 1);
}

/** Number of entries that are shown: all, or those until the log was paused. */
function useLogCount(actor: ConsoleProps['actor'], isPaused: boolean, pausedAt: { current: number }): number {
  const log = actor.getSnapshot().children.log;
  useThrottled(log);
  if (!isPaused) pausedAt.current = log?.getSnapshot().context.count ?? 0;
  return pausedAt.current;
}
