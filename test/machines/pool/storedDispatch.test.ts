import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { dispatchMachine } from '../../../machines/dispatch/dispatchMachine.js';
import { dispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import { readStoredDispatch } from '../../../machines/pool/storedDispatch.js';
import type { StoredDispatch } from '../../../machines/protocol/dispatcherStore.js';
import { dispatcherActors } from '../../../src/dispatcher/dispatcherActors.js';
import type { DispatchError } from '../../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { daily, dispatchRecord } from '../../support/dispatchRecord.js';
import { storeInMemory } from '../../support/storeInMemory.js';
import { at } from '../../support/time.js';

const put = (holder: object, field: string, value: unknown): void => {
  Object.assign(holder, { [field]: value });
};

// biome-ignore lint/suspicious/noExplicitAny: it is changed in ways that no type allows
type Spoiled = any;

const record = (id: number, changes: Partial<DispatchRecord> = {}) =>
  dispatchRecord({ id, startTimeMs: at('09:50'), ...changes });

/** What is kept at 10:00 of a dispatch that runs from 9:50 to 10:20. */
function stored(id: number, changes?: Partial<DispatchRecord>): StoredDispatch {
  const actor = createActor(dispatchMachine, { input: { dispatch: record(id, changes), atMs: at('10:00') } }).start();
  const { value, context } = actor.getSnapshot();
  actor.stop();
  return JSON.parse(JSON.stringify({ state: value, context, notifiedMs: at('09:50') }));
}

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

/** What is wrong with one stored dispatch, and what is said of it. */
const wrongs: [name: string, message: string, spoil: (it: Spoiled) => unknown][] = [
  ['null', 'must be an object, not null', () => null],
  ['a text', "must be an object, not 'stored'", () => 'stored'],
  ['a list', 'must be an object, not a list', () => [1]],
  ['an unknown state', "state must be idle, running or stopped, not 'paused'", it => ({ ...it, state: 'paused' })],
  ['no state', 'state must be idle', it => ({ ...it, state: undefined })],
  ['no context', 'context must be an object, not undefined', it => ({ ...it, context: undefined })],
  ['no dispatch', 'context.dispatch must be an object', it => void delete it.context.dispatch],
  ['no run while it runs', 'context.run must not be null in the state running', it => put(it.context, 'run', null)],
  ['a run while it is idle', 'context.run must be null in the state idle', it => ({ ...it, state: 'idle' })],
  [
    'nothing to wait for',
    'context.nextChange must not be null in a run that ends',
    it => put(it.context, 'nextChange', null),
  ],
  [
    'no next change while it is idle',
    'context.nextChange must not be null',
    it => {
      Object.assign(it, { state: 'idle' });
      Object.assign(it.context, { run: null, nextChange: null });
    },
  ],
  [
    'a run while it is inactive',
    'context.dispatch.active must be true',
    it => put(it.context.dispatch, 'active', false),
  ],
  ['a run that ends before it starts', 'context.run', it => put(it.context.run, 'endMs', 0)],
  [
    'NaN for its start',
    'context.dispatch.startTimeMs must be an integer of milliseconds, not NaN',
    it => put(it.context.dispatch, 'startTimeMs', Number.NaN),
  ],
  ['an instant that no date can hold', 'context.atMs', it => put(it.context, 'atMs', 9e15)],
  ['a text for its duration', 'context.dispatch.durationMs', it => put(it.context.dispatch, 'durationMs', '60000')],
  ['a negative duration', 'context.dispatch.durationMs', it => put(it.context.dispatch, 'durationMs', -1)],
  [
    'no selector',
    'context.dispatch.selector must be ids or categories',
    it => void delete it.context.dispatch.selector,
  ],
  ['a selector of texts', 'context.dispatch.selector', it => put(it.context.dispatch, 'selector', { ids: ['5'] })],
  ['no payload', 'context.dispatch.payload must be an object', it => void delete it.context.dispatch.payload],
  ['a payload without end', 'context.dispatch.payload is no JSON', it => put(it.context.dispatch, 'payload', cyclic)],
  ['no version', 'context.dispatch.updateTime must be a string', it => void delete it.context.dispatch.updateTime],
  ['a cause that is none', 'context.cause', it => put(it.context, 'cause', 'whim')],
  ['a next change that is none', 'context.nextChange', it => put(it.context, 'nextChange', { atMs: 1 })],
  ['a text for when it was notified', 'notifiedMs', it => ({ ...it, notifiedMs: 'yesterday' })],
  [
    'another microgrid',
    'context.dispatch.microgridId must be 1, not 2',
    it => put(it.context.dispatch, 'microgridId', 2),
  ],
  ['an id that is none', 'context.dispatch.id', it => put(it.context.dispatch, 'id', 1.5)],
];

function spoiled(spoil: (it: Spoiled) => unknown): unknown {
  const it = stored(2);
  return spoil(it) === undefined ? it : spoil(stored(2));
}

describe('a stored dispatch', () => {
  it.each([
    ['idle', { startTimeMs: at('11:00') }],
    ['running', {}],
    ['running without end', { durationMs: null }],
    ['over', { startTimeMs: at('08:00') }],
    ['inactive', { active: false }],
    ['recurrent', { recurrence: daily() }],
    ['inactive with a rule that cannot be evaluated', { active: false, recurrence: daily({ interval: 0 }) }],
    ['for categories', { selector: { categories: [{ category: 'BATTERY', battery: 'LI_ION' }, { category: 99 }] } }],
  ] as [string, Partial<DispatchRecord>][])('that is %s is taken as it is', (_, changes) => {
    expect(readStoredDispatch(stored(2, changes), 1)).toEqual(stored(2, changes));
  });

  it.each(wrongs)('with %s is refused by name', (_, message, spoil) => {
    const error = expect.objectContaining({ code: 'DATA_LOSS', message: expect.stringContaining(message) });
    expect(() => readStoredDispatch(spoiled(spoil), 1)).toThrow(error);
  });

  it('with a rule that cannot be evaluated is refused as such', () => {
    const rule = {
      ...stored(2),
      context: { ...stored(2).context, dispatch: record(2, { recurrence: daily({ interval: 0 }) }) },
    };
    expect(() => readStoredDispatch(rule, 1)).toThrow(
      expect.objectContaining({ code: 'UNEVALUABLE', dispatchId: 2, message: expect.stringContaining('interval') }),
    );
  });
});

describe('one dispatch that cannot be restored', () => {
  const all: typeof wrongs = [
    ...wrongs,
    ['an invalid rule', 'cannot be evaluated', it => put(it.context.dispatch, 'recurrence', daily({ interval: 0 }))],
    ['an id that another one has', 'stored dispatch 1 is there twice', it => put(it.context.dispatch, 'id', 1)],
  ];

  function world(from: unknown) {
    const clock = simulatedClock(at('10:00'));
    const transport = memoryTransport([record(1), record(2), record(3)]);
    const memory = storeInMemory();
    const store = {
      ...memory,
      open: async () => ({ synced: true }),
      load: async function* () {
        yield { dispatches: [stored(1), from as StoredDispatch, stored(3)], problems: [] };
      },
    };
    return { clock, transport, memory, store };
  }

  async function play(
    {
      clock,
      transport,
      store,
    }: Pick<ReturnType<typeof world>, 'clock' | 'transport'> & { store?: ReturnType<typeof world>['store'] },
    snapshot?: never,
  ) {
    const release = transport.hold('list');
    const machine = dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock, store }) });
    const actor = createActor(machine, { input: { microgridId: 1 }, ...(snapshot !== undefined && { snapshot }) });
    const problems: DispatchError[] = [];
    const said: string[] = [];
    actor.on('*', output => {
      if (output.type === 'dispatcher.problem') problems.push(output.problem);
      if ('dispatch' in output) said.push(`${output.dispatch.id} ${output.type}`);
    });
    actor.start();
    await clock.settle();
    const offline = said.splice(0);
    release();
    await clock.advanceBy(3_000);
    expect(actor.getSnapshot().value).toBe('live');
    actor.stop();
    await clock.settle();
    return { problems, offline, said };
  }

  it.each(all)('costs only itself when the store has it with %s', async (_, message, spoil) => {
    const { memory, ...rest } = world(spoiled(spoil));
    const { problems, offline, said } = await play(rest);
    expect(problems).toMatchObject([{ message: expect.stringContaining(message), microgridId: 1 }]);
    expect(offline).toEqual(['1 running.resumed', '3 running.resumed']);
    // The service brings it back.
    expect(said).toEqual(['2 lifecycle.created', '2 running.started']);
    const ids: unknown[] = [];
    for await (const page of memory.load({ microgridId: 1 }))
      ids.push(...page.dispatches.map(it => it.context.dispatch.id));
    expect(ids).toEqual([1, 2, 3]);
  });

  it.each(all)('costs only itself when a snapshot has it with %s', async (_, message, spoil) => {
    const { clock, transport } = world(null);
    const machine = dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock }) });
    const first = createActor(machine, { input: { microgridId: 1 } }).start();
    await clock.settle();
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    snapshot.children.pool.snapshot.context.dispatches[1] = spoiled(spoil);
    const { problems, offline, said } = await play({ clock, transport }, snapshot as never);
    expect(problems).toMatchObject([{ message: expect.stringContaining(message), microgridId: 1 }]);
    expect(offline).toEqual(['1 running.resumed', '3 running.resumed']);
    expect(said).toEqual(['2 lifecycle.created', '2 running.started']);
  });
});
