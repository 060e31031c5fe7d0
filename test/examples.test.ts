import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Charger } from '../examples/charger.js';
import { DispatchClient } from '../src/client/dispatchClient.js';
import type { MicrogridClient } from '../src/client/microgridClient.js';
import { Dispatcher } from '../src/dispatcher/dispatcher.js';
import { type DispatchService, startDispatchService } from '../src/service/startDispatchService.js';
import { memoryTransport } from '../src/testing/memoryTransport.js';
import { simulatedClock } from '../src/testing/simulatedClock.js';
import { compiledModule } from './support/compiled.js';
import { dispatchRecord, hourMs } from './support/dispatchRecord.js';
import { at } from './support/time.js';

let service: DispatchService;
let client: DispatchClient;
let microgrid: MicrogridClient;
let example: Example | undefined;

interface Example {
  readonly process: ChildProcess;
  /** The next line that contains a text; fails when the program ends before. */
  line(part: string): Promise<string>;
  /** Types a line. */
  type(line: string): void;
}

/** Runs an example as it is compiled, or its source as the README says for a clone. */
function runExample(name: string, { source = false } = {}): Example {
  const program = source ? ['--import', 'tsx', `examples/${name}.ts`] : [compiledModule(`examples/${name}.ts`)];
  const child = spawn(process.execPath, program, {
    env: { ...process.env, DISPATCH_API_URL: service.address },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (part: string) => {
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      if (next.value.includes(part)) return next.value;
    }
    throw new Error(`${name} ended without a line that contains '${part}'`);
  };
  example = { process: child, line, type: text => child.stdin.write(`${text}\n`) };
  return example;
}

async function end(running: Example): Promise<number | null> {
  running.process.kill('SIGTERM');
  if (running.process.exitCode === null) await once(running.process, 'exit');
  return running.process.exitCode;
}

beforeEach(async () => {
  service = await startDispatchService();
  client = new DispatchClient({ address: service.address });
  microgrid = client.forMicrogrid(1);
});

afterEach(async () => {
  if (example !== undefined) await end(example);
  example = undefined;
  client.close();
  await service.stop();
});

const selector = { ids: [1] };

describe('the examples', () => {
  it('reactToRunningState starts, reconfigures and stops', async () => {
    const running = runExample('reactToRunningState');
    await running.line('waiting');
    await microgrid.create({ type: 'OTHER', startTime: 'NOW', selector });
    const { id } = await microgrid.create({ type: 'DEMO_TYPE', startTime: 'NOW', selector, payload: { kw: 5 } });
    expect(await running.line(`dispatch ${id}`)).toBe(`dispatch ${id} started: do { kw: 5 } on { ids: [ 1 ] }`);
    await microgrid.update(id, { payload: { kw: 7 } });
    expect(await running.line(`dispatch ${id}`)).toBe(`dispatch ${id} reconfigured: do { kw: 7 } on { ids: [ 1 ] }`);
    expect(await running.line('until')).toBe('  until further notice');
    await microgrid.update(id, { active: false });
    expect(await running.line(`dispatch ${id}`)).toBe(`dispatch ${id}: stop`);
    const short = { type: 'DEMO_TYPE', startTime: 'NOW', durationMs: 1_000, selector, dryRun: true } as const;
    const dryRun = await microgrid.create(short);
    expect(await running.line('dispatch')).toBe(`dispatch ${dryRun.id} started: would do {} on { ids: [ 1 ] }`);
    // The scheduled end.
    expect(await running.line('dispatch')).toBe(`dispatch ${dryRun.id}: would stop`);
    expect(await end(running)).toBe(0);
  });

  it('followLifecycle tells what becomes of dispatches', async () => {
    const { id } = await microgrid.create({ type: 'EARLY', startTime: 'NOW', selector });
    const running = runExample('followLifecycle');
    expect(await running.line('dispatch')).toContain('waiting');
    expect(await running.line('dispatch')).toBe(`dispatch ${id} of type EARLY was created`);
    await microgrid.update(id, { active: false });
    expect(await running.line('dispatch')).toBe(`dispatch ${id} of type EARLY was updated`);
    await microgrid.delete(id);
    expect(await running.line('dispatch')).toBe(`dispatch ${id} of type EARLY was deleted`);
    expect(await end(running)).toBe(0);
  });

  it('createThenModify plans, changes and takes back', async () => {
    const running = runExample('createThenModify');
    expect(await running.line('created')).toBe('created dispatch 1, which runs for 5 minutes');
    expect(await running.line('now')).toContain('now it runs for 10 minutes, for the last time until 20');
    expect(await running.line('active')).toBe('active: 1 ECHO_FREQUENCY');
    expect(await running.line('deleted')).toBe('deleted dispatch 1');
    if (running.process.exitCode === null) await once(running.process, 'exit');
    expect(running.process.exitCode).toBe(0);
    await expect(microgrid.get(1)).rejects.toMatchObject({ code: 'NOT_FOUND', dispatchId: 1 });
  });

  it('handleErrors tells what went wrong', async () => {
    const running = runExample('handleErrors');
    expect(await running.line('created')).toBe('created dispatch 1');
    expect(await running.line('')).toBe('NOT_FOUND for dispatch 1');
    if (running.process.exitCode === null) await once(running.process, 'exit');
    expect(running.process.exitCode).toBe(0);
  });

  it('invokeInMachine has dispatches switch a machine of its own', async () => {
    const running = runExample('invokeInMachine', { source: true });
    expect(await running.line('heater')).toBe('the heater is off');
    expect(await running.line('live')).toBe('the dispatcher is live');
    await microgrid.create({ type: 'OTHER', startTime: 'NOW', selector });
    const dryRun = await microgrid.create({ type: 'HEAT', startTime: 'NOW', selector, dryRun: true });
    expect(await running.line('')).toBe(`dry run: running.started of dispatch ${dryRun.id}`);
    const first = await microgrid.create({ type: 'HEAT', startTime: 'NOW', selector });
    expect(await running.line('')).toBe('the heater is on');
    const second = await microgrid.create({ type: 'HEAT', startTime: 'NOW', selector });
    // Each start commands it anew.
    expect(await running.line('')).toBe('the heater is on');
    await microgrid.delete(first.id);
    await microgrid.delete(second.id);
    expect(await running.line('')).toBe('the heater is off');
    await service.stop();
    expect(await running.line('problem')).toContain('UNAVAILABLE');
    expect(await end(running)).toBe(0);
  });

  it('machineAlone runs a dispatch without a service', async () => {
    const running = runExample('machineAlone');
    expect(await running.line('')).toBe('dispatch 1 is planned');
    expect(await running.line('')).toBe('dispatch 1 running.started');
    expect(await running.line('')).toBe('dispatch 1 running.stopped');
    expect(await end(running)).toBe(0);
  });

  it('managedBattery is started, reconfigured and stopped by dispatches, and blocked by a fault', async () => {
    const battery = { categories: [{ category: 'BATTERY' }] } as const;
    const running = runExample('managedBattery');
    expect(await running.line('')).toBe('idle');
    const order = (type: string, payload: object, wanted: { ids: number[] } | typeof battery = battery) =>
      microgrid.create({ type, startTime: 'NOW', selector: wanted, payload: payload as never });
    await order('CHARGE', { kw: 3 }, { ids: [6] });
    const charge = await order('CHARGE', { kw: 5 });
    expect(await running.line('')).toBe(`charging with 5 kW for dispatch ${charge.id}`);
    await microgrid.update(charge.id, { payload: { kw: 99 } });
    expect(await running.line('')).toBe(`charging with 10 kW for dispatch ${charge.id}`);
    const dryRun = await microgrid.create({ type: 'HOLD', startTime: 'NOW', selector: battery, dryRun: true });
    expect(await running.line('')).toBe(`dry run: started, holding with 0 kW for dispatch ${dryRun.id}`);
    const hold = await order('HOLD', {}, { ids: [5] });
    expect(await running.line('')).toBe(`holding with 0 kW for dispatch ${hold.id}`);
    await microgrid.delete(hold.id);
    expect(await running.line('')).toBe(`charging with 10 kW for dispatch ${charge.id}`);
    running.type('fault');
    expect(await running.line('')).toBe('fault: switched off until the reset');
    await microgrid.delete(charge.id);
    expect(await running.line('')).toBe('blocked: idle');
    const discharge = await order('DISCHARGE', { kw: 2 });
    expect(await running.line('')).toBe(`blocked: discharging with 2 kW for dispatch ${discharge.id}`);
    running.type('reset');
    expect(await running.line('')).toBe(`discharging with 2 kW for dispatch ${discharge.id}`);
    await microgrid.update(discharge.id, { active: false });
    expect(await running.line('')).toBe('idle');
    expect(await end(running)).toBe(0);
  });

  it('managedPromise runs a function while a dispatch runs, and aborts it when it changes or stops', async () => {
    const running = runExample('managedPromise');
    await running.line('waiting');
    const { id } = await microgrid.create({ type: 'CHARGE', startTime: 'NOW', selector, payload: { kw: 5 } });
    expect(await running.line('')).toBe(`dispatch ${id}: charge with 5 kW`);
    await microgrid.update(id, { payload: { kw: 7 } });
    expect(await running.line('')).toBe(`dispatch ${id}: end`);
    expect(await running.line('')).toBe(`dispatch ${id}: charge with 7 kW`);
    const now = { type: 'CHARGE', startTime: 'NOW', selector } as const;
    // For the same charger: one ends before the other begins.
    const other = await microgrid.create({ ...now, payload: { kw: 9 } });
    expect(await running.line('')).toBe(`dispatch ${id}: end`);
    expect(await running.line('')).toBe(`dispatch ${other.id}: charge with 9 kW`);
    await microgrid.delete(other.id);
    expect(await running.line('')).toBe(`dispatch ${other.id}: end`);
    expect(await running.line('')).toBe(`dispatch ${id}: charge with 7 kW`);
    const dryRun = await microgrid.create({ ...now, payload: { kw: 1 }, dryRun: true });
    expect(await running.line('')).toBe(`dispatch ${dryRun.id}: would charge with 1 kW`);
    await microgrid.delete(dryRun.id);
    expect(await running.line('')).toBe(`dispatch ${dryRun.id}: would end`);
    expect(await end(running)).toBe(0);
    expect(await running.line('')).toBe(`dispatch ${id}: end`);
  });

  it('twoMicrogrids follows both with one connection', async () => {
    const running = runExample('twoMicrogrids');
    await running.line('is live');
    await running.line('is live');
    const north = await microgrid.create({ type: 'HEAT', startTime: 'NOW', selector });
    expect(await running.line('running')).toBe(`running: {"1":[${north.id}]}`);
    const south = await client.forMicrogrid(2).create({ type: 'HEAT', startTime: 'NOW', selector });
    expect(await running.line('running')).toBe(`running: {"1":[${north.id}],"2":[${south.id}]}`);
    await microgrid.delete(north.id);
    expect(await running.line('running')).toBe(`running: {"1":[],"2":[${south.id}]}`);
    const dryRun = await microgrid.create({ type: 'HEAT', startTime: 'NOW', selector, dryRun: true });
    expect(await running.line('')).toBe(`dry run: running.started of dispatch ${dryRun.id} of microgrid 1`);
    expect(await running.line('running')).toBe(`running: {"1":[],"2":[${south.id}]}`);
    expect(await end(running)).toBe(0);
  });

  it('charger counts runs by dispatch, and does not act in a dry run', async () => {
    const clock = simulatedClock(at('09:00'));
    const charge = (id: number, startTimeMs: number, fields = {}) =>
      dispatchRecord({ id, type: 'CHARGE', startTimeMs, durationMs: hourMs, payload: { kw: id }, ...fields });
    const transport = memoryTransport([
      charge(1, at('10:00')),
      charge(2, at('10:30')),
      charge(3, at('10:30'), { dryRun: true }),
    ]);
    await using dispatcher = new Dispatcher({ microgridId: 1, transport, clock });
    const charger = new Charger(dispatcher);
    await dispatcher.start();
    const kw: [time: string, kw: number][] = [];
    for (const time of ['09:30', '10:15', '10:45', '11:15', '11:45']) {
      await clock.advanceTo(at(time));
      kw.push([time, charger.kw]);
    }
    expect(kw).toEqual([
      ['09:30', 0],
      ['10:15', 1],
      ['10:45', 2],
      ['11:15', 2],
      ['11:45', 0],
    ]);
  });

  it.each([
    ['handleErrors', 'client'],
    ['firstTest.test', 'testing'],
    ['modelBased.test', 'modelBasedTests'],
  ])('%s is what the page %s shows first', async (name, page) => {
    const [text, example] = await Promise.all([
      readFile(`docs/${page}.md`, 'utf8'),
      readFile(`examples/${name}.ts`, 'utf8'),
    ]);
    expect(text.match(/```ts\n(.*?)```/s)?.[1]).toBe(example);
  });
});
