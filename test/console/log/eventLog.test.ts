import { expect, it } from 'vitest';
import { createActor, emit, setup } from 'xstate';
import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import { delayText } from '../../../src/console/log/delayText.js';
import { eventLogOf, type LogEntry } from '../../../src/console/log/eventLog.js';
import { isRetry, logKind, logText } from '../../../src/console/log/logText.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import { dispatchRecord, monday10Ms } from '../../support/dispatchRecord.js';

/** Emits what it is sent, as a dispatcher does. */
const teller = setup({
  types: { events: {} as { type: 'tell'; output: DispatcherOutput }, emitted: {} as DispatcherOutput },
}).createMachine({ on: { tell: { actions: emit(({ event }) => event.output) } } });

const restored = (count: number): DispatcherOutput => ({ type: 'dispatcher.restored', microgridId: 1, count });

it('keeps the last 5,000 events, newest first, and tells its listeners once a turn', async () => {
  const dispatcher = createActor(teller).start();
  const log = createActor(eventLogOf(() => monday10Ms)).start();
  log.send({ type: 'log.watch', microgridId: 1, dispatcher });
  let told = 0;
  log.subscribe(() => {
    told += 1;
  });
  for (let count = 1; count <= 5_010; count += 1) dispatcher.send({ type: 'tell', output: restored(count) });
  await Promise.resolve();
  const { context } = log.getSnapshot();
  const kept = [...context.newestFirst()];
  expect([context.count, kept.length, kept[0]?.seq, kept.at(-1)?.seq]).toEqual([5_010, 5_000, 5_010, 11]);
  expect(kept.map((entry: LogEntry) => logText(entry)).slice(0, 2)).toEqual([
    '5010 dispatches restored',
    '5009 dispatches restored',
  ]);
  expect(told).toBe(1);
  dispatcher.stop();
  log.stop();
});

it('tells what an update has changed', () => {
  const dispatcher = createActor(teller).start();
  const log = createActor(eventLogOf(() => 0)).start();
  log.send({ type: 'log.watch', microgridId: 1, dispatcher });
  const first = dispatchRecord({ id: 4 });
  const told = { atMs: 0, notifiedMs: null };
  dispatcher.send({ type: 'tell', output: { type: 'lifecycle.created', dispatch: first, ...told } });
  const second = { ...first, durationMs: 1_000, active: false, selector: { ids: [9] } };
  dispatcher.send({ type: 'tell', output: { type: 'lifecycle.updated', dispatch: second, ...told } });
  dispatcher.send({ type: 'tell', output: { type: 'lifecycle.updated', dispatch: first, ...told } });
  dispatcher.send({ type: 'tell', output: { type: 'lifecycle.deleted', dispatch: first, ...told } });
  expect([...log.getSnapshot().context.newestFirst()].map(logText)).toEqual([
    '4 CHARGE',
    '4 CHARGE: duration, components, active again',
    '4 CHARGE: duration, components, paused',
    '4 CHARGE',
  ]);
  dispatcher.stop();
  log.stop();
});

it('knows a further attempt to connect from the news of a connection', () => {
  const status = { polling: false, lastContactMs: null, retryAtMs: null, position: null, clockOffsetMs: null };
  const problem = new DispatchError('UNAVAILABLE', 'away').toJSON();
  const sync = (state: 'connecting' | 'waiting' | 'live' | 'stopped', isLost: boolean) =>
    isRetry({
      type: 'dispatcher.sync',
      microgridId: 1,
      status: { ...status, state, problem: isLost ? problem : null },
    });
  expect([sync('connecting', true), sync('waiting', true)]).toEqual([true, true]);
  expect([sync('connecting', false), sync('live', false), sync('stopped', true)]).toEqual([false, false, false]);
});

it('hears nothing of a dispatcher that has stopped, and nothing when it has stopped itself', () => {
  const dispatcher = createActor(teller).start();
  const log = createActor(eventLogOf(() => 0)).start();
  log.send({ type: 'log.watch', microgridId: 1, dispatcher });
  log.stop();
  dispatcher.send({ type: 'tell', output: restored(1) });
  expect(log.getSnapshot().context.count).toBe(0);
  dispatcher.stop();
});

it.each([
  [12, '12 ms'],
  [999, '999 ms'],
  [12_841_043, '3h 34m 1s'],
])('tells a delay of %d ms in words', (ms, text) => expect(delayText(ms)).toBe(text));

it.each([
  [
    'problem',
    { type: 'dispatcher.problem', microgridId: 1, problem: new DispatchError('UNAVAILABLE', 'away') },
    'away',
  ],
  ['change', { type: 'lifecycle.updated', dispatch: dispatchRecord({ id: 4 }), atMs: 0, notifiedMs: null }, '4 CHARGE'],
  [
    'change',
    { type: 'lifecycle.created', dispatch: dispatchRecord({ id: 4, type: 'A\u202eB' }), atMs: 0, notifiedMs: null },
    '4 A\\u202eB',
  ],
  [
    'problem',
    {
      type: 'run.missed',
      dispatch: dispatchRecord({ id: 4 }),
      run: { startMs: 0, endMs: 1 },
      cause: 'schedule',
      count: 1,
      more: false,
      firstMs: 0,
      lastMs: 0,
      atMs: 0,
      lateMs: 9,
    },
    '4 CHARGE: 1 run passed unnoticed',
  ],
  [
    'run',
    {
      type: 'running.started',
      dispatch: dispatchRecord({ id: 4, dryRun: true }),
      run: { startMs: 0, endMs: 1 },
      cause: 'schedule',
      atMs: 0,
      lateMs: 12,
    },
    '4 CHARGE: schedule, 12 ms late, dry run',
  ],
] as const)('says of a %s what it is', (kind, output, text) => {
  expect([logKind(output), logText({ output, before: null })]).toEqual([kind, text]);
});
