import { setTimeout as pause } from 'node:timers/promises';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import { isRunNotification } from '../../../machines/protocol/dispatcherOutput.js';
import type { MicrogridClient } from '../../client/microgridClient.js';
import type { Dispatcher } from '../../dispatcher/dispatcher.js';
import { ruleToText } from '../../model/recurrence/ruleText.js';
import { clockText } from '../../planning/timeText.js';
import { OperationFailed } from '../operationFailed.js';
import { pc } from '../output/colours.js';

/** What the demo needs. */
export interface Stage {
  readonly client: MicrogridClient;
  /** A live dispatcher, connected to the service of the client. */
  readonly dispatcher: Dispatcher;
  /** Prints a line of explanation. */
  readonly tell: (line: string) => void;
}

/** Waits for a notification of a dispatch; one that has arrived already counts. */
type Heard = (id: number, type: RunNotification['type']) => Promise<RunNotification>;

/** Pause to read what has just happened. */
const READING_MS = 1_000;
const PATIENCE_MS = 10_000;

/**
 * Plays the demo: five dispatches that start and end on schedule, are reconfigured, stopped by an update, deleted in a run,
 * and recur.
 *
 * @throws OperationFailed when a notification does not arrive.
 */
export async function playDemo(stage: Stage): Promise<void> {
  const heard = listen(stage.dispatcher);
  for (const scene of [onSchedule, reconfigured, stoppedByUpdate, deletedInRun, recurring]) {
    await scene(stage, heard);
    if (scene !== recurring) await pause(READING_MS);
  }
  stage.tell(
    `\nThat is all. Next: ${pc.bold('dispatch serve')}, then ${pc.bold('dispatch follow 1')} in a second terminal,`,
  );
  stage.tell(`and ${pc.bold("dispatch create 1 CHARGE BATTERY 'in 5 seconds' 20s")} in a third. See dispatch --help.`);
}

async function onSchedule({ client, tell }: Stage, heard: Heard): Promise<void> {
  title(tell, '1. A dispatch starts and ends on schedule');
  typed(tell, `create 1 CHARGE BATTERY 'in 2 seconds' 2s --payload '{"kw": 5}'`);
  const { id } = await client.create({
    type: 'CHARGE',
    startTime: secondsFromNow(2),
    durationMs: 2_000,
    selector: { categories: [{ category: 'BATTERY' }] },
    payload: { kw: 5 },
  });
  await heard(id, 'running.stopped');
  explain(tell, 'The dispatcher started and stopped it by its own clock; no further call was made.');
}

async function reconfigured({ client, tell }: Stage, heard: Heard): Promise<void> {
  title(tell, '2. A dispatch is reconfigured while it runs');
  typed(tell, `create 1 PEAK_SHAVING INVERTER:PV now 3s --payload '{"kw": 5}'`);
  const { id } = await client.create({
    type: 'PEAK_SHAVING',
    startTime: 'NOW',
    durationMs: 3_000,
    selector: { categories: [{ category: 'INVERTER', inverter: 'PV' }] },
    payload: { kw: 5 },
  });
  await heard(id, 'running.started');
  await pause(READING_MS);
  typed(tell, `update 1 ${id} --payload '{"kw": 8}'`);
  await client.update(id, { payload: { kw: 8 } });
  await heard(id, 'running.stopped');
  explain(tell, 'The new payload took effect at once; the end of the run stayed the same.');
}

async function stoppedByUpdate({ client, tell }: Stage, heard: Heard): Promise<void> {
  title(tell, '3. An update stops a dispatch');
  typed(tell, 'create 1 DISCHARGE 4,7 now');
  const { id } = await client.create({ type: 'DISCHARGE', startTime: 'NOW', selector: { ids: [4, 7] } });
  await heard(id, 'running.started');
  await pause(READING_MS);
  typed(tell, `update 1 ${id} --active false`);
  await client.update(id, { active: false });
  await heard(id, 'running.stopped');
  explain(tell, 'The run had no end. An inactive dispatch does not run.');
}

async function deletedInRun({ client, tell }: Stage, heard: Heard): Promise<void> {
  title(tell, '4. A dispatch is deleted while it runs');
  typed(tell, 'create 1 COOL HVAC now 1h --dry-run true');
  const { id } = await client.create({
    type: 'COOL',
    startTime: 'NOW',
    durationMs: 3_600_000,
    selector: { categories: [{ category: 'HVAC' }] },
    dryRun: true,
  });
  await heard(id, 'running.started');
  await pause(READING_MS);
  typed(tell, `delete 1 ${id}`);
  await client.delete(id);
  await heard(id, 'running.stopped');
  explain(tell, 'The deletion ended its run an hour early.');
}

async function recurring({ client, dispatcher, tell }: Stage, heard: Heard): Promise<void> {
  title(tell, '5. A dispatch recurs');
  typed(tell, "create 1 CHARGE EV_CHARGER 'in 2 seconds' 2s --frequency minutely --count 10");
  const rule = { frequency: 'MINUTELY', interval: 1, count: 10 } as const;
  const { id } = await client.create({
    type: 'CHARGE',
    startTime: secondsFromNow(2),
    durationMs: 2_000,
    selector: { categories: [{ category: 'EV_CHARGER' }] },
    recurrence: rule,
  });
  await heard(id, 'running.stopped');
  const first = dispatcher.dispatches.get(id)?.nextRun ?? null;
  if (first === null) throw new OperationFailed('INTERNAL', `dispatch ${id} has no next run`);
  const second = dispatcher.dispatches.get(id)?.nextRunAfter(new Date(first.getTime() + 1)) ?? null;
  const times = [first, second].map(at => (at === null ? 'never' : clockText(at.getTime()).slice(0, 8)));
  explain(tell, `It runs ${ruleToText(rule)}; the next runs start at ${times.join(' and ')} UTC.`);
}

function listen(dispatcher: Dispatcher): Heard {
  const past: RunNotification[] = [];
  const waiting = new Set<(notification: RunNotification) => void>();
  dispatcher.actor.on('*', output => {
    if (!isRunNotification(output)) return;
    past.push(output);
    for (const take of waiting) take(output);
  });
  return (id, type) => {
    const isIt = (notification: RunNotification) => notification.dispatch.id === id && notification.type === type;
    const found = past.find(isIt);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        waiting.delete(take);
        clearTimeout(timeout);
        outcome();
      };
      const take = (notification: RunNotification) => {
        if (isIt(notification)) settle(() => resolve(notification));
      };
      const timeout = setTimeout(
        () =>
          settle(() =>
            reject(
              new OperationFailed(
                'DEADLINE_EXCEEDED',
                `${type} of dispatch ${id} did not arrive within ${PATIENCE_MS} ms`,
              ),
            ),
          ),
        PATIENCE_MS,
      );
      waiting.add(take);
    });
  };
}

/** The time in `seconds` seconds, cut to the whole second, as start times are. */
function secondsFromNow(seconds: number): Date {
  return new Date(Math.floor(Date.now() / 1000 + seconds) * 1000);
}

function title(tell: Stage['tell'], text: string): void {
  tell(`\n${pc.bold(text)}`);
}

function typed(tell: Stage['tell'], command: string): void {
  tell(`   ${pc.dim('$')} dispatch ${command}`);
}

function explain(tell: Stage['tell'], text: string): void {
  tell(`   ${pc.dim(`→ ${text}`)}`);
}
