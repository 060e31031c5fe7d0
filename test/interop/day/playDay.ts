import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningNotification } from '../../../machines/dispatch/runNotification.js';
import {
  type MergeStrategy,
  mergeByType,
  mergeByTypeAndSelector,
  mergeNothing,
} from '../../../machines/manage/mergeStrategy.js';
import { DispatchClient } from '../../../src/client/dispatchClient.js';
import type { MicrogridClient } from '../../../src/client/microgridClient.js';
import type { Dispatch } from '../../../src/dispatch.js';
import { Dispatcher } from '../../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../../src/logger.js';
import { tcpProxy } from '../../support/tcpProxy.js';
import { credentials, startService } from '../follower.js';
import { PythonDispatcher, type PythonMergeStrategy, type PythonRunningState } from '../pythonDispatcher.js';
import { type DayStep, dayTypes } from './dayScript.js';

/** The strategies that are compared, by their names here. */
export const dayStrategies: readonly { name: string; ours: MergeStrategy; theirs?: PythonMergeStrategy }[] = [
  { name: 'none', ours: mergeNothing },
  { name: 'by type', ours: mergeByType, theirs: 'MergeByType' },
  { name: 'by type and target', ours: mergeByTypeAndSelector, theirs: 'MergeByTypeTarget' },
];

/** What both dispatchers delivered, by type. */
export interface DayRecord {
  readonly type: string;
  /** What our dispatcher said, of which all receivers are made. */
  readonly said: readonly RunningNotification[];
  /** By strategy, in the order of {@link dayStrategies}. */
  readonly ours: readonly (readonly Dispatch[])[];
  readonly theirs: readonly (readonly PythonRunningState[])[];
}

/** A time in which the service could not be reached, until both dispatchers have heard of what happened meanwhile. */
export interface DayOutage {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What came of a day. */
export interface PlayedDay {
  readonly records: readonly DayRecord[];
  readonly outages: readonly DayOutage[];
}

/** How long after an outage the slower dispatcher, which is the Python one, opens its stream and lists, in milliseconds. */
const catchUpMs = 5_000;

/** Plays a day on one service, to our dispatcher and to the Python one. */
export async function playDay(steps: readonly DayStep[]): Promise<PlayedDay> {
  await using service = await startService(':memory:');
  await using proxy = await tcpProxy(service.port);
  const address = `grpc://127.0.0.1:${proxy.port}?ssl=false`;
  await using python = new PythonDispatcher();
  await python.connect({ address, ...credentials }, 1);
  await python.start();
  await using dispatcher = new Dispatcher({ microgridId: 1, address, ...credentials, logger: silentLogger });
  const said: RunningNotification[] = [];
  dispatcher.actor.on('*', output => {
    if (output.type.startsWith('running.')) said.push(output as RunningNotification);
  });
  await dispatcher.start();
  await dispatcher.ready();
  const ours = new Map<string, Dispatch[][]>();
  const journals = new Map<string, { rest(): Promise<PythonRunningState[]> }[]>();
  for (const type of dayTypes) {
    ours.set(
      type,
      dayStrategies.map(({ ours: mergeStrategy }) => listen(dispatcher, type, mergeStrategy)),
    );
    const own = [];
    for (const { theirs } of dayStrategies) own.push(await python.runningState(type, theirs));
    journals.set(type, own);
  }
  await using client = new DispatchClient({ address: service.address, ...credentials });
  const outages = await play(client.forMicrogrid(1), steps, proxy);
  await sleep(3_000);
  const records: DayRecord[] = [];
  for (const type of dayTypes) {
    const theirs = [];
    for (const journal of journals.get(type) ?? []) theirs.push(await journal.rest());
    const own = said.filter(({ dispatch }) => dispatch.type === type);
    records.push({ type, said: own, ours: ours.get(type) ?? [], theirs });
  }
  return { records, outages };
}

function listen(dispatcher: Dispatcher, type: string, mergeStrategy: MergeStrategy): Dispatch[] {
  const heard: Dispatch[] = [];
  const receiver = dispatcher.newRunningStateReceiver(type, { mergeStrategy, limit: 1_000_000 });
  void (async () => {
    for await (const dispatch of receiver) heard.push(dispatch);
  })();
  return heard;
}

async function play(
  client: MicrogridClient,
  steps: readonly DayStep[],
  proxy: { cut(): void; restore(): void },
): Promise<DayOutage[]> {
  const startMs = Math.ceil(Date.now() / 1_000) * 1_000 + 5_000;
  const ids: number[] = [];
  const left = new Set<number>();
  const outages: DayOutage[] = [];
  let cutMs = 0;
  const at = (second: number) =>
    new Date(Math.max(startMs + second * 1_000, Math.ceil(Date.now() / 1_000) * 1_000 + 1_000));
  for (const step of steps) {
    await sleep(Math.max(0, startMs + step.atMs - Date.now()));
    if (step.does === 'cut') {
      proxy.cut();
      cutMs = Date.now();
    } else if (step.does === 'restore') {
      proxy.restore();
      outages.push({ fromMs: cutMs, toMs: Date.now() + catchUpMs });
    } else {
      await awayFromSeconds();
      if (step.does === 'create') {
        const { startS, ...dispatch } = step.dispatch;
        const { id } = await client.create({ ...dispatch, startTime: at(startS) });
        ids.push(id);
        left.add(id);
      } else {
        const id = ids[step.number];
        if (id === undefined) throw new Error('a dispatch changes before it is created');
        if (step.does === 'delete') {
          await client.delete(id);
          left.delete(id);
        } else
          await client.update(id, {
            ...step.changes,
            ...(step.startS !== undefined && { startTime: at(step.startS) }),
          });
      }
    }
  }
  // So that both fall silent, and what they said can be compared to its end.
  for (const id of left) {
    await awayFromSeconds();
    await client.delete(id);
  }
  return outages;
}

/** Waits until no run begins or ends soon, on a machine that may have much else to do. */
async function awayFromSeconds(): Promise<void> {
  const fraction = Date.now() % 1_000;
  if (fraction < 250) await sleep(250 - fraction);
  else if (fraction > 750) await sleep(1_250 - fraction);
}
