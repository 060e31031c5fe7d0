import { expect, it } from 'vitest';
import { type FilteredInspectOptions, filteredInspect } from '../../../machines/index.js';
import { Dispatcher } from '../../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../../src/logger.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { dispatchRecord, minuteMs, version } from '../../support/dispatchRecord.js';
import { type InspectorMessage, inspectorSocket } from '../../support/inspectorSocket.js';
import { at } from '../../support/time.js';

/** Three of 10,000 are RARE: 1234, 5234 and 9234. They start one minute after the other, from 10:00 to 10:59. */
const dispatches = Array.from({ length: 10_000 }, (_, i) =>
  dispatchRecord({
    id: i + 1,
    type: i % 4_000 === 1_233 ? 'RARE' : 'COMMON',
    startTimeMs: at('10:00') + (i % 60) * minuteMs,
    payload: { kw: i },
  }),
);

/** What a WebSocket inspector is sent of them: by the first sync, and in two and a half hours with updates and deletions. */
async function inspected(options?: FilteredInspectOptions, { lives = true } = {}) {
  await using socket = await inspectorSocket();
  const { inspect } = socket.inspector;
  const clock = simulatedClock(at('09:00'));
  const transport = memoryTransport(dispatches);
  await using dispatcher = new Dispatcher({
    microgridId: 1,
    transport,
    clock,
    logger: silentLogger,
    inspect: options === undefined ? inspect : filteredInspect(inspect, options),
  });
  await dispatcher.start();
  await dispatcher.ready();
  const bySync = [...(await socket.messages())];
  if (lives) {
    await clock.advanceTo(at('10:20'));
    for (const dispatch of dispatches.slice(0, 2_000)) transport.put({ ...dispatch, updateTime: version(1) });
    await clock.settle();
    for (const { id } of dispatches.slice(2_000, 4_000)) transport.delete(id);
    await clock.advanceTo(at('11:30'));
  }
  return { bySync, messages: [...(await socket.messages())] };
}

function registrations(messages: readonly InspectorMessage[]) {
  return messages.flatMap(({ event }) => (event.type === '@xstate.actor' ? [event] : []));
}

function bytes(messages: readonly InspectorMessage[]) {
  const sizes = messages.map(message => message.bytes);
  return { sum: sizes.reduce((a, b) => a + b, 0), max: Math.max(...sizes) };
}

it('shows 10,000 dispatches as a dispatcher with its parts, those that are wanted, and the arrows between them', async () => {
  const { messages } = await inspected({ types: ['RARE'] });
  const names = new Map(registrations(messages).map(({ sessionId, name }) => [sessionId, name]));
  expect([...names.values()]).toEqual(['dispatcher', 'pool', 'store', 'source', 'timer', '1234', '5234', '9234']);

  // Each is registered once, before anything else is said of it.
  expect(registrations(messages)).toHaveLength(names.size);
  const known = new Set<string>();
  const arrows: string[] = [];
  for (const { event } of messages) {
    if (event.type === '@xstate.actor') known.add(event.sessionId);
    expect(known).toContain(event.sessionId);
    if (event.type !== '@xstate.event') continue;
    if (event.sourceId !== undefined) expect(known).toContain(event.sourceId);
    arrows.push(`${names.get(event.sourceId ?? '')} ${event.event.type} ${names.get(event.sessionId)}`);
  }
  expect(arrows).toEqual(
    expect.arrayContaining([
      'source sync.listed dispatcher',
      'dispatcher sync.listed pool',
      'pool xstate.init 1234',
      'pool pool.reported dispatcher',
      'pool pool.ready dispatcher',
      'dispatcher pool.ready source',
      'timer timer.due dispatcher',
      'dispatcher timer.due pool',
      'pool timer.due 5234',
      '5234 running.started pool',
      '9234 running.stopped pool',
      'source sync.changed dispatcher',
      'pool dispatch.updated 1234',
    ]),
  );
  // What has no source came from outside.
  expect(arrows.filter(arrow => arrow.startsWith('undefined'))).toEqual(['undefined xstate.init dispatcher']);

  expect(messages.length).toBeLessThan(200);
  expect(bytes(messages).sum).toBeLessThan(100_000);
  expect(bytes(messages).max).toBeLessThan(10_000);
});

it('is a hundredth of what there is without it', async () => {
  const all = (await inspected(undefined, { lives: false })).bySync;
  const { bySync } = await inspected({ types: ['RARE'] }, { lives: false });
  expect(registrations(all)).toHaveLength(10_005);
  expect(all.length).toBeGreaterThan(30_000);
  expect(bytes(all).max).toBeGreaterThan(10_000);
  expect(bySync.length).toBeLessThan(all.length / 100);
  expect(bytes(bySync).sum).toBeLessThan(bytes(all).sum / 100);
});

it('shows a hundred of them when nothing is chosen, in messages below 10 kB', async () => {
  const { messages } = await inspected({});
  expect(registrations(messages).filter(({ name }) => /^\d+$/.test(name)).length).toBeGreaterThanOrEqual(100);
  const pool = registrations(messages).find(({ name }) => name === 'pool');
  const contexts = messages.flatMap(({ event }) =>
    event.type === '@xstate.snapshot' && event.sessionId === pool?.sessionId ? [contextOf(event.snapshot)] : [],
  );
  expect(contexts).toContainEqual({ size: 10_000, shown: 100 });
  expect(Math.max(...contexts.map(({ shown }) => shown))).toBe(100);
  expect(bytes(messages).max).toBeLessThan(10_000);
});

function contextOf(snapshot: object): { size: number; shown: number } {
  return (snapshot as { context: { size: number; shown: number } }).context;
}
