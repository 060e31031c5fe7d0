import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnyStateMachine, createActor, type Snapshot } from 'xstate';
import type { DispatcherActorsOptions } from '../../src/dispatcher/dispatcherActors.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { at } from '../support/time.js';

type MachineOf = (options: DispatcherActorsOptions, console: { log(line: string): void }) => AnyStateMachine;

const minuteMs = 60_000;
const startMs = at('09:00');
const folder = fileURLToPath(new URL('../../build/docs/', import.meta.url));
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const [, block = ''] = /^```ts\n(.*?)^```$/ms.exec(read('docs/embedding.md')) ?? [];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The machine of a program, as a function of what its dispatcher works with and of where it prints. */
async function machineIn(name: string, source: string): Promise<MachineOf> {
  const [machine = '', start] = source.split('const actor = createActor(');
  const actors = /dispatcherActors\(\{.*?\}\)/s;
  expect(machine).toMatch(actors);
  const imports = machine.match(/^import .*$/gm)?.join('\n');
  const body = machine.replace(/^import .*$/gm, '').replace(actors, 'dispatcherActors(options)');
  const variable = /^\w+/.exec(start ?? '')?.[0];
  mkdirSync(folder, { recursive: true });
  const file = `${folder}${name}.ts`;
  writeFileSync(file, `${imports}\nexport function machineOf(options, console) {${body}return ${variable};\n}\n`);
  return (await import(file)).machineOf;
}

describe.each([
  { name: 'docs/embedding.md', source: block, type: 'CHARGE', device: 'charger ' },
  {
    name: 'examples/invokeInMachine.ts',
    source: read('examples/invokeInMachine.ts'),
    type: 'HEAT',
    device: 'the heater is ',
  },
])('the machine of $name', ({ source, type, device }) => {
  let machineOf: MachineOf;
  beforeAll(async () => {
    machineOf = await machineIn(type, source);
  });

  /** A dispatch that runs from 08:59 on. */
  const dispatch = (id: number, endMinute: number, fields: Partial<DispatchRecord> = {}) =>
    dispatchRecord({
      id,
      type,
      startTimeMs: startMs - minuteMs,
      durationMs: (endMinute + 1) * minuteMs,
      ...fields,
    });

  /** Runs the machine at 09:00, then from a restart on; returns what it prints from then on, and when. */
  async function restarted(from: 'snapshot' | 'store', dispatches: DispatchRecord[], restartMinute = 1) {
    const clock = simulatedClock(startMs);
    const store = from === 'store' ? storeInMemory() : undefined;
    const lines: string[] = [];
    const machine = machineOf(
      { transport: memoryTransport(dispatches), clock, store },
      { log: line => line.startsWith('the dispatcher is ') || lines.push(line.replace(device, '')) },
    );
    const before = createActor(machine).start();
    await clock.settle();
    const snapshot: Snapshot<unknown> = JSON.parse(JSON.stringify(before.getPersistedSnapshot()));
    before.stop();
    // It saves what it stops with.
    await setImmediate();
    clock.step(restartMinute * minuteMs);
    lines.length = 0;
    const after = createActor(machine, from === 'snapshot' ? { snapshot } : {}).start();
    await clock.settle();
    for (const minute of [45, 90]) {
      await clock.advanceTo(startMs + (restartMinute + minute) * minuteMs);
      lines.push(`after ${minute}`);
    }
    after.stop();
    return lines;
  }

  it('stays on until the last of the runs that it resumed from its snapshot has ended', async () => {
    const lines = await restarted('snapshot', [dispatch(1, 30), dispatch(2, 60)]);
    expect(lines).toEqual(['on', 'on', 'after 45', 'off', 'after 90']);
  });

  it('stays on until the last of the runs that it resumed from a store has ended', async () => {
    const lines = await restarted('store', [dispatch(1, 30), dispatch(2, 60)]);
    expect(lines).toEqual(['off', 'on', 'on', 'after 45', 'off', 'after 90']);
  });

  it('commands nothing for a dry run that it resumed beside another run', async () => {
    const lines = await restarted('snapshot', [dispatch(1, 30, { dryRun: true }), dispatch(2, 60)]);
    const [resumed, stopped] = ['resumed', 'stopped'].map(kind => `dry run: running.${kind} of dispatch 1`);
    expect(lines).toEqual([resumed, 'on', stopped, 'after 45', 'off', 'after 90']);
  });

  it('commands nothing for a dry run that it resumed alone', async () => {
    const lines = await restarted('store', [dispatch(1, 30, { dryRun: true })]);
    const [resumed, stopped] = ['resumed', 'stopped'].map(kind => `dry run: running.${kind} of dispatch 1`);
    expect(lines).toEqual(['off', resumed, stopped, 'after 45', 'after 90']);
  });

  it('commands its device again when the next run took over while it was down', async () => {
    // Its two runs begin at 08:59 and 09:59, and last an hour.
    const twice = dispatch(1, 59, { recurrence: { frequency: 'HOURLY', interval: 1, count: 2 } });
    const lines = await restarted('snapshot', [twice], 60);
    expect(lines).toEqual(['on', 'after 45', 'off', 'after 90']);
  });
});
