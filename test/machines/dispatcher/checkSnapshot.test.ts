import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type AnyActorRef, createActor, type Snapshot, setup } from 'xstate';
import { checkSnapshot } from '../../../machines/dispatcher/checkSnapshot.js';
import { dispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import { dispatcherActors } from '../../../src/dispatcher/dispatcherActors.js';
import type { DispatchErrorCode } from '../../../src/model/dispatchError.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';
import { at } from '../../support/time.js';

function world() {
  const clock = simulatedClock(at('10:10'));
  const transport = memoryTransport([dispatchRecord()]);
  return { clock, transport, machine: dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock }) }) };
}

const put = (holder: object, field: string, value: unknown): void => {
  Object.assign(holder, { [field]: value });
};

// biome-ignore lint/suspicious/noExplicitAny: it is changed in ways that no type allows
async function goodSnapshot(): Promise<any> {
  const { clock, machine } = world();
  const actor = createActor(machine, { input: { microgridId: 1 } }).start();
  await clock.settle();
  const snapshot = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
  actor.stop();
  return snapshot;
}

async function afterEnd(): Promise<unknown> {
  const { clock, machine } = world();
  const actor = createActor(machine, { input: { microgridId: 1 } }).start();
  await clock.settle();
  actor.send({ type: 'dispatcher.stop' });
  return JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
}

async function spoiled(spoil: (snapshot: Awaited<ReturnType<typeof goodSnapshot>>) => unknown): Promise<unknown> {
  const snapshot = await goodSnapshot();
  return spoil(snapshot) ?? snapshot;
}

/** What cannot be restored, by what is said of it. */
const refused: [name: string, code: DispatchErrorCode, message: string, make: () => Promise<unknown>][] = [
  ['null', 'INVALID_ARGUMENT', 'must be an object, not null', async () => null],
  ['a text', 'INVALID_ARGUMENT', 'must be an object, not a string', async () => JSON.stringify(await goodSnapshot())],
  ['a number', 'INVALID_ARGUMENT', 'must be an object, not a number', async () => 7],
  ['a list', 'INVALID_ARGUMENT', 'must be an object, not a list', async () => []],
  ['an empty object', 'INVALID_ARGUMENT', 'status must be active', async () => ({})],
  [
    'a snapshot of a dispatch pool',
    'INVALID_ARGUMENT',
    'is of microgrid',
    () => spoiled(it => ({ ...it.children.pool.snapshot, context: { microgridId: 9 } })),
  ],
  [
    'the snapshot of another machine',
    'INVALID_ARGUMENT',
    'context.microgridId',
    () => spoiled(it => ({ ...it, context: {} })),
  ],
  ['one without a context', 'INVALID_ARGUMENT', 'no context', () => spoiled(it => void delete it.context)],
  ['one that was taken after the end', 'FAILED_PRECONDITION', 'taken after the dispatcher had stopped', afterEnd],
  [
    'one that was taken after stop()',
    'FAILED_PRECONDITION',
    'had stopped',
    () => spoiled(it => ({ ...it, status: 'stopped' })),
  ],
  [
    'one that was taken after a failure',
    'FAILED_PRECONDITION',
    'had failed',
    () => spoiled(it => ({ ...it, status: 'error' })),
  ],
  [
    'one of another microgrid',
    'INVALID_ARGUMENT',
    'is of microgrid 2, not of microgrid 1',
    () => spoiled(it => JSON.parse(JSON.stringify(it).replaceAll('"microgridId":1', '"microgridId":2'))),
  ],
  [
    'one whose microgrid is a text',
    'INVALID_ARGUMENT',
    'context.microgridId',
    () => spoiled(it => put(it.context, 'microgridId', '1')),
  ],
  [
    'one of a newer format',
    'FAILED_PRECONDITION',
    'format version 3 of a newer xstate-dispatch',
    () => spoiled(it => put(it, 'formatVersion', 3)),
  ],
  [
    'one of a format that is none',
    'INVALID_ARGUMENT',
    'format version two',
    () => spoiled(it => put(it, 'formatVersion', 'two')),
  ],
  ['one without children', 'DATA_LOSS', 'no children', () => spoiled(it => void delete it.children)],
  ['one without a pool', 'DATA_LOSS', 'children.pool is missing', () => spoiled(it => void delete it.children.pool)],
  [
    'one without a source',
    'DATA_LOSS',
    'children.source is missing',
    () => spoiled(it => void delete it.children.source),
  ],
  ['one without a store', 'DATA_LOSS', 'children.store is missing', () => spoiled(it => void delete it.children.store)],
  [
    'one whose timer is another part',
    'DATA_LOSS',
    "children.timer.src must be 'timer'",
    () => spoiled(it => put(it.children.timer, 'src', 'store')),
  ],
  [
    'one whose timer was stopped',
    'DATA_LOSS',
    'children.timer does not run',
    () => spoiled(it => put(it.children.timer.snapshot, 'status', 'stopped')),
  ],
  [
    'one whose pool is of another microgrid',
    'DATA_LOSS',
    'children.pool is not of microgrid 1',
    () => spoiled(it => put(it.children.pool.snapshot.context, 'microgridId', 2)),
  ],
  [
    'one whose source is of another microgrid',
    'DATA_LOSS',
    'children.source is not of microgrid 1',
    () => spoiled(it => put(it.children.source.snapshot.input, 'microgridId', 2)),
  ],
  [
    'one whose dispatches are cut off',
    'DATA_LOSS',
    'children.pool has no dispatches',
    () => spoiled(it => void delete it.children.pool.snapshot.context.dispatches),
  ],
  [
    'one that does not say whether it is synced',
    'DATA_LOSS',
    'whether it is synced',
    () => spoiled(it => void delete it.children.pool.snapshot.context.synced),
  ],
];

describe.each(refused)('the snapshot %s', (_, code, message, make) => {
  const error = expect.objectContaining({ code, message: expect.stringContaining(message), field: 'snapshot' });

  it('is refused by name', async () => {
    const snapshot = await make();
    expect(() => checkSnapshot(snapshot, 1)).toThrow(error);
  });

  it('makes a root actor fail when it is started, with nothing left', async () => {
    const { clock, transport, machine } = world();
    const snapshot = (await make()) as Snapshot<unknown>;
    // XState takes it for none.
    if (snapshot === null) return;
    const actor = createActor(machine, { input: { microgridId: 1 }, snapshot });
    const errors: unknown[] = [];
    actor.subscribe({ error: failure => errors.push(failure) });
    actor.start();
    expect(errors).toEqual([error]);
    await clock.settle();
    expect({ timers: clock.pendingTimers, streams: transport.openStreams }).toEqual({ timers: 0, streams: 0 });
  });
});

describe('a machine that invokes a dispatcher and is restored', () => {
  const invoking = (machine: typeof dispatcherMachine) =>
    setup({ types: { context: {} as { error: unknown } }, actors: { dispatcher: machine } }).createMachine({
      context: { error: null },
      initial: 'on',
      states: {
        on: {
          invoke: {
            id: 'dispatcher',
            src: 'dispatcher',
            input: { microgridId: 1 },
            onError: {
              target: 'failed',
              actions: ({ context, event }) => Object.assign(context, { error: event.error }),
            },
          },
        },
        failed: {},
      },
    });

  it.each([
    ['has no pool', 'DATA_LOSS', (it: { children: { pool?: unknown } }) => void delete it.children.pool],
    ['had stopped', 'FAILED_PRECONDITION', (it: { status: string }) => put(it, 'status', 'done')],
    [
      'is empty',
      'INVALID_ARGUMENT',
      (it: object) => {
        for (const key of Object.keys(it)) Reflect.deleteProperty(it, key);
      },
    ],
  ])('takes it with onError when its snapshot %s', async (_, code, spoil) => {
    const { clock, transport, machine } = world();
    const first = createActor(invoking(machine)).start();
    await clock.settle();
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    spoil(snapshot.children.dispatcher.snapshot);
    const second = createActor(invoking(machine), { snapshot }).start();
    expect(second.getSnapshot()).toMatchObject({ value: 'failed', context: { error: { code } } });
    expect({ timers: clock.pendingTimers, streams: transport.openStreams }).toEqual({ timers: 0, streams: 0 });
    second.stop();
  });
});

it('takes a snapshot of the first format, without a version, and writes the present one', async () => {
  const read = (name: string) =>
    JSON.parse(gunzipSync(readFileSync(`test/vectors/formats/0.1.0/${name}.gz`)).toString());
  const [snapshot, { writtenAtMs, running }] = [read('snapshot.json'), read('expected.json')];
  expect(checkSnapshot(snapshot, 1)).toBe(snapshot);
  const clock = simulatedClock(writtenAtMs);
  const transport = memoryTransport();
  transport.hold('watch');
  const machine = dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock }) });
  const actor: AnyActorRef & { stop(): void } = createActor(machine, { input: { microgridId: 1 }, snapshot });
  const resumed: number[] = [];
  actor.on('running.resumed', ({ dispatch }: { dispatch: { id: number } }) => resumed.push(dispatch.id));
  actor.start();
  expect(resumed.sort((a, b) => a - b)).toEqual([...running].sort((a: number, b: number) => a - b));
  expect(actor.getPersistedSnapshot()).toMatchObject({ formatVersion: 2 });
  actor.stop();
});
