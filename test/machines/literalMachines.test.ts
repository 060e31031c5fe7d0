import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AnyMachineSnapshot, type AnyStateMachine, createMachine, initialTransition, transition } from 'xstate';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { daily, dispatchRecord } from '../support/dispatchRecord.js';
import { extractMachine } from '../support/extractMachine.js';
import { at } from '../support/time.js';

const folder = new URL('../../machines/', import.meta.url);
const dispatch = dispatchRecord({ recurrence: daily() });

/** Each machine with a file of its own, what starts it, and a life of events; `failure` ends one that has just begun. */
const machines = [
  {
    file: 'dispatch/dispatchMachine.ts',
    machine: dispatchMachine,
    input: { dispatch, atMs: at('09:00') },
    events: [
      { type: 'timer.due', atMs: at('10:00') },
      { type: 'dispatch.updated', atMs: at('10:05'), dispatch: { ...dispatch, payload: { kw: 1 } } },
      { type: 'timer.due', atMs: at('10:30') },
      { type: 'timer.due', atMs: at('Thu 10:10') },
      { type: 'dispatch.updated', atMs: at('Thu 10:20'), dispatch: { ...dispatch, active: false } },
      { type: 'timer.due', atMs: at('Thu 10:30') },
      { type: 'dispatch.deleted', atMs: at('Thu 11:00') },
    ],
  },
  {
    file: 'dispatcher/dispatcherMachine.ts',
    machine: dispatcherMachine,
    input: { microgridId: 1 },
    failure: { type: 'xstate.error.actor.source', error: new Error('broken') },
    events: [
      { type: 'store.ready' },
      { type: 'source.opened' },
      { type: 'sync.listStarted', atMs: at('09:00') },
      { type: 'pool.ready', more: false },
      { type: 'source.live', atMs: at('09:00') },
      { type: 'pool.reported', outputs: [] },
      { type: 'source.lost', atMs: at('09:01'), problem: new DispatchError('DEADLINE_EXCEEDED', 'lost') },
      { type: 'retry.due' },
      { type: 'source.connecting' },
      { type: 'source.lost', atMs: at('09:02'), problem: new DispatchError('UNAVAILABLE', 'lost') },
      { type: 'dispatcher.stop' },
    ],
  },
];

it('every file that makes a machine is looked at here', () => {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  const files = names.filter(name => /\bcreateMachine\(/.test(readFileSync(new URL(name, folder), 'utf8')));
  expect(files.sort()).toEqual(machines.map(({ file }) => file).sort());
});

describe.each(machines)('$file', ({ file, machine, input, events, failure }) => {
  const extracted = extractMachine(new URL(file, folder));
  const config = JSON.parse(JSON.stringify(extracted.config));

  it('has one literal machine of its name, which is all that XState has', () => {
    expect(`${extracted.name}.ts`).toBe(basename(file));
    expect(JSON.parse(JSON.stringify(machine.config))).toEqual(config);
    // What is no literal is data, not behaviour.
    expect(extracted.references.filter(path => !/^context$|^invoke\.\d+\.input$/.test(path))).toEqual([]);
  });

  it('uses every implementation that it declares, and declares every one that it uses', () => {
    const used = usedNames(config);
    const { actions = [], guards = [], actors = [] } = extracted.declared;
    expect(Object.keys(extracted.declared).filter(kind => !['actions', 'guards', 'actors'].includes(kind))).toEqual([]);
    expect([...used.actions].sort()).toEqual([...actions].sort());
    expect([...used.guards].sort()).toEqual([...guards].sort());
    expect([...used.actors].sort()).toEqual([...actors].sort());
    const { implementations } = machine;
    expect(Object.keys(implementations.actions).sort()).toEqual([...actions].sort());
    expect(Object.keys(implementations.guards).sort()).toEqual([...guards].sort());
    expect(Object.keys(implementations.actors).sort()).toEqual([...actors].sort());
  });

  it('comes back from JSON as the same machine', () => {
    const rebuilt = rebuild(config, machine);
    expect(JSON.parse(JSON.stringify(rebuilt))).toEqual(JSON.parse(JSON.stringify(machine)));
    expect(JSON.parse(JSON.stringify(rebuilt.definition))).toEqual(JSON.parse(JSON.stringify(machine.definition)));
    const lives = failure === undefined ? [events] : [events, [failure]];
    const [all, same] = [machine, rebuilt].map(each => lives.flatMap(life => play(each, input, life)));
    expect(same).toEqual(all);
    expect(new Set(all?.map(({ value }) => value)).size).toBe(Object.keys(config.states).length);
  });
});

/** The machine that JSON makes, with the data and the implementations of the original. */
function rebuild(config: { invoke?: object[] }, original: AnyStateMachine): AnyStateMachine {
  const { context, invoke = [] } = original.config as unknown as { context: unknown; invoke?: { input?: unknown }[] };
  const withInput = config.invoke?.map((actor, i) => ({ ...actor, input: invoke[i]?.input }));
  return createMachine(
    { ...config, context, ...(withInput && { invoke: withInput }) } as never,
    original.implementations as never,
  );
}

/** The states, contexts and actions of a life. */
function play(machine: AnyStateMachine, input: unknown, events: readonly { type: string }[]) {
  const describeStep = ([{ value, context }, actions]: [AnyMachineSnapshot, { type: string; params: unknown }[]]) => ({
    value,
    context,
    actions: actions.map(({ type, params }) => [type, JSON.stringify(params)?.replace(/"x:\d+"/, '"session"')]),
  });
  let step = initialTransition(machine, input) as [AnyMachineSnapshot, { type: string; params: unknown }[]];
  const life = [describeStep(step)];
  for (const event of events) {
    step = transition(machine, step[0], event) as typeof step;
    life.push(describeStep(step));
  }
  return life;
}

/** The names of the implementations that a config uses, by kind. */
function usedNames(config: unknown) {
  const used = { actions: new Set<string>(), guards: new Set<string>(), actors: new Set<string>() };
  const kinds: Record<string, Set<string>> = {
    actions: used.actions,
    entry: used.actions,
    exit: used.actions,
    guard: used.guards,
    src: used.actors,
  };
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, field] of Object.entries(value)) {
      // An event or a state may be called like a field.
      const names = kinds[key];
      if (names === undefined || (typeof field === 'object' && !Array.isArray(field) && !('type' in field)))
        visit(field);
      else for (const item of [field].flat()) names.add(typeof item === 'string' ? item : item.type);
    }
  };
  visit(config);
  return used;
}
