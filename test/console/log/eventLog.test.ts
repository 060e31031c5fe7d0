import { expect, it } from 'vitest';
import { createActor, emit, setup } from 'xstate';
import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import { delayText } from '../../../src/console/log/delayText.js';
import { eventLogOf, type LogEntry } from '../../../src/console/log/eventLog.js';
import { logKind, logText } from '../../../src/console/log/logText.js';
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
  expect(kept.map(({ output }: LogEntry) => logText(output)).slice(0, 2)).toEqual([
    '5010 dispatches restored',
    '5009 dispatches restored',
  ]);
  expect(told).toBe(1);
  dispatcher.stop();
  log.stop();
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
  expect([logKind(output), logText(output)]).toEqual([kind, text]);
});
