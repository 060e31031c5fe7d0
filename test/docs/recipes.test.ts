import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { type MemoryTransport, memoryTransport } from '../../src/testing/memoryTransport.js';
import { type SimulatedClock, simulatedClock } from '../../src/testing/simulatedClock.js';
import { dispatchRecord, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { at } from '../support/time.js';

/** What of its surroundings a program of the page uses. */
interface Surroundings {
  readonly dispatcher: Dispatcher;
  readonly console: Record<'log' | 'error', (line: string) => void>;
  readonly Date: { now(): number };
  readonly setInterval: (call: () => void, ms: number) => () => void;
  readonly clearInterval: (undo: () => void) => void;
  readonly process: { once(signal: string, listener: () => void): void };
}
type Play = (surroundings: Surroundings) => Promise<void>;

const folder = fileURLToPath(new URL('../../build/recipes/', import.meta.url));
const page = readFileSync(new URL('../../docs/recipes.md', import.meta.url), 'utf8');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The program below a heading of the page, as a function of its surroundings. */
async function programBelow(heading: string): Promise<Play> {
  const [, code = ''] = /^```ts\n(.*?)^```$/ms.exec(page.slice(page.indexOf(`## ${heading}`))) ?? [];
  const made = /new Dispatcher\(\{.*?\}\)/s;
  expect(code).toMatch(made);
  const imports = code.match(/^import .*$/gm)?.join('\n');
  const body = code.replace(/^import .*$/gm, '').replace(made, 'surroundings.dispatcher');
  const named = 'const { console, Date, setInterval, clearInterval, process } = surroundings;';
  mkdirSync(folder, { recursive: true });
  const file = `${folder}${heading.replaceAll(' ', '-')}.ts`;
  writeFileSync(file, `${imports}\nexport async function play(surroundings) {${named}\n${body}}\n`);
  return (await import(file)).play;
}

/** Plays a program from 05:00 on. */
function playFrom(play: Play, transport: MemoryTransport, clock: SimulatedClock, store?: DispatcherStore) {
  const dispatcher = new Dispatcher({ microgridId: 1, transport, clock, store, logger: silentLogger });
  const lines: string[] = [];
  const listeners = new Map<string, () => void>();
  const print = (line: string) => void lines.push(line);
  const ended = play({
    dispatcher,
    console: { log: print, error: print },
    Date: { now: () => clock.nowMs() },
    setInterval: (call, ms) => {
      let undo = () => {};
      const next = () => {
        undo = clock.setTimer(() => {
          next();
          call();
        }, ms);
      };
      next();
      return () => undo();
    },
    clearInterval: undo => undo(),
    process: { once: (signal, listener) => void listeners.set(signal, listener) },
  });
  return {
    dispatcher,
    ended,
    signal: (name: string) => listeners.get(name)?.(),
    /** What it prints until a time. */
    async until(ms: number) {
      lines.length = 0;
      await clock.advanceTo(ms);
      await clock.settle();
      return [...lines];
    },
  };
}

describe('the recipe of peak shaving', () => {
  let play: Play;
  beforeAll(async () => {
    play = await programBelow('Peak shaving with merging');
  });

  const limit = (id: number, from: string, hours: number, fields: Partial<DispatchRecord>) =>
    dispatchRecord({ id, type: 'PEAK_SHAVING', startTimeMs: at(from), durationMs: hours * hourMs, ...fields });
  const standing = limit(1, '06:00', 14, { payload: { limit_kw: 250 } });
  const stricter = limit(2, '17:00', 2, { payload: { limit_kw: 120 } });

  async function playing(...dispatches: DispatchRecord[]) {
    const [transport, clock] = [memoryTransport(dispatches), simulatedClock(at('05:00'))];
    return { transport, ...playFrom(play, transport, clock) };
  }

  it('takes the stricter limit while it is in force, and hands over to the standing one', async () => {
    const { until, dispatcher, ended } = await playing(standing, stricter);
    expect(await until(at('05:59'))).toEqual([]);
    expect(await until(at('06:00'))).toEqual(['at most 250 kW from the grid']);
    expect(await until(at('17:00'))).toEqual(['at most 120 kW from the grid']);
    expect(await until(at('18:59'))).toEqual([]);
    expect(await until(at('19:00'))).toEqual(['at most 250 kW from the grid']);
    expect(await until(at('20:00'))).toEqual(['no limit']);
    await dispatcher.stop();
    await ended;
  });

  it('keeps its limit where a payload is wrong, and says so', async () => {
    const { transport, until, dispatcher } = await playing(standing, limit(3, '08:00', 1, { payload: { limit: 5 } }));
    await until(at('07:00'));
    expect(await until(at('08:00'))).toEqual(['dispatch 3: limit_kw must be a number']);
    transport.update(3, { payload: { limit_kw: 5 } });
    expect(await until(at('08:01'))).toEqual(['at most 5 kW from the grid']);
    expect(await until(at('09:00'))).toEqual(['at most 250 kW from the grid']);
    await dispatcher.stop();
  });

  it('only tells of dry runs, which change no limit, also when a real one ends beside them', async () => {
    const dry = limit(4, '19:30', 1, { payload: { limit_kw: 1 }, dryRun: true });
    const { until, dispatcher } = await playing(standing, dry);
    await until(at('19:00'));
    expect(await until(at('19:30'))).toEqual(['dry run: would set 1']);
    expect(await until(at('20:00'))).toEqual(['no limit']);
    expect(await until(at('21:00'))).toEqual(['dry run: would set null']);
    await dispatcher.stop();
  });
});

describe('the recipe of fail-safe behaviour', () => {
  let play: Play;
  beforeAll(async () => {
    play = await programBelow('Fail-safe behaviour of a device');
  });

  const charge = (id: number, from: string, hours: number, fields: Partial<DispatchRecord> = {}) =>
    dispatchRecord({ id, startTimeMs: at(from), durationMs: hours * hourMs, payload: { kw: 7 }, ...fields });
  const secondsOf = (kw: number, count: number) => Array.from({ length: count }, () => `${kw} kW`);

  it('repeats its command each second, for a day without changes too, and ends with 0', async () => {
    const transport = memoryTransport([charge(1, '06:00', 1), charge(2, '06:30', 1, { payload: { kw: '7' } })]);
    const playing = playFrom(play, transport, simulatedClock(at('05:00')));
    await playing.until(at('05:59:50'));
    expect(await playing.until(at('05:59:55'))).toEqual(secondsOf(0, 5));
    await playing.until(at('06:00:05'));
    expect(await playing.until(at('06:00:10'))).toEqual(secondsOf(7, 5));
    // The payload of the one that began last is wrong.
    await playing.until(at('06:30:05'));
    expect(await playing.until(at('06:30:10'))).toEqual(secondsOf(0, 5));
    await playing.until(at('16:00'));
    expect(await playing.until(at('16:00:05'))).toEqual(secondsOf(0, 5));
    playing.signal('SIGTERM');
    await playing.ended;
    expect(await playing.until(at('16:01'))).toEqual([]);
  });

  it('goes on by its plan while the service is away, but not for more than six hours', async () => {
    const transport = memoryTransport([charge(1, '06:00', 1), charge(2, '13:00', 1)]);
    const playing = playFrom(play, transport, simulatedClock(at('05:00')));
    await playing.until(at('05:30'));
    const away = new DispatchError('UNAVAILABLE', 'away');
    for (let call = 0; call < 5_000; call++)
      for (const name of ['list', 'watch'] as const) transport.failNext(name, away);
    transport.cut();
    await playing.until(at('06:30'));
    expect(playing.dispatcher.status.state).not.toBe('live');
    expect(await playing.until(at('06:30:05'))).toEqual(secondsOf(7, 5));
    await playing.until(at('11:29'));
    expect(await playing.until(at('11:29:05'))).toEqual(secondsOf(0, 5));
    await playing.until(at('11:31'));
    expect(await playing.until(at('13:30'))).toEqual([]);
    await playing.dispatcher.stop();
  });

  it('commands what is on after a restart without the service, by its store', async () => {
    const [clock, store] = [simulatedClock(at('05:00')), storeInMemory()];
    const before = playFrom(play, memoryTransport([charge(1, '06:00', 2)]), clock, store);
    await before.until(at('06:30'));
    before.signal('SIGINT');
    await before.ended;
    await before.dispatcher.stop();
    clock.step(10 * minuteMs);
    const transport = memoryTransport();
    const away = new DispatchError('UNAVAILABLE', 'away');
    for (let call = 0; call < 5_000; call++)
      for (const name of ['list', 'watch'] as const) transport.failNext(name, away);
    const after = playFrom(play, transport, clock, store);
    await after.until(at('06:41'));
    expect(after.dispatcher.dispatches.get(1)?.running('CHARGE')).toBe('RUNNING');
    expect(await after.until(at('06:41:05'))).toEqual(secondsOf(7, 5));
    await after.dispatcher.stop();
  });
});
