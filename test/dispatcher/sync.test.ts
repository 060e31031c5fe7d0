import { describe, expect, it } from 'vitest';
import { DispatchError } from '../../src/model/dispatchError.js';
import { daily, dayMs, dispatchRecord, hourMs, minuteMs, version } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

const kw = (n: number) => ({ payload: { kw: n }, updateTime: version(n) });

describe('the sync of a dispatcher', () => {
  it('yields every dispatch as created at first, before what it says about its run', async () => {
    const dispatches = [dispatchRecord({ id: 1 }), dispatchRecord({ id: 2, startTimeMs: at('08:50') })];
    await using test = await startDispatcher({ dispatches });
    expect(test.said()).toEqual(['1 created', '2 created', '2 started 08:50-09:20 by sync at 09:00']);
    expect(test.dispatcher.status.state).toBe('live');
    expect([...test.dispatcher.dispatches.keys()]).toEqual([1, 2]);
  });

  it('follows the stream', async () => {
    await using test = await startDispatcher();
    test.transport.put(dispatchRecord({ startTimeMs: at('08:50') }));
    await test.clock.settle();
    test.transport.put(dispatchRecord({ startTimeMs: at('08:50'), ...kw(2) }));
    await test.clock.settle();
    test.transport.delete(1);
    await test.clock.settle();
    expect(test.said()).toEqual([
      '1 created',
      '1 started 08:50-09:20 by update at 09:00',
      '1 updated',
      '1 reconfigured 08:50-09:20 by update at 09:00',
      '1 deleted',
      '1 stopped 08:50-09:20 by delete at 09:00',
    ]);
    expect(test.dispatcher.dispatches.size).toBe(0);
  });

  it('loses no change between the stream and the list', async () => {
    await using test = await startDispatcher({
      dispatches: [dispatchRecord({ id: 1 }), dispatchRecord({ id: 2 })],
      sync: false,
    });
    const release = test.transport.hold('list');
    await test.dispatcher.start();
    await test.clock.settle();
    test.transport.put(dispatchRecord({ id: 1, ...kw(2) }));
    test.transport.put(dispatchRecord({ id: 3 }));
    test.transport.delete(2);
    release();
    await test.dispatcher.ready();
    expect(test.said()).toEqual(['1 created', '2 created', '1 updated', '3 created', '2 deleted']);
    expect(test.dispatcher.dispatches.get(1)?.payload).toEqual({ kw: 2 });
  });

  it('lists once more when the headers of the stream come late', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ id: 1 })], sync: false });
    const release = test.transport.hold('watch');
    await test.dispatcher.start();
    await test.clock.advanceBy(999);
    expect(test.dispatcher.status.state).toBe('connecting');
    await test.clock.advanceBy(1);
    expect(test.said()).toEqual(['1 created']);
    test.transport.putSilently(dispatchRecord({ id: 2 }));
    release();
    await test.clock.advanceBy(0);
    expect(test.said()).toEqual(['2 created']);
    expect(test.dispatcher.status.state).toBe('live');
  });

  it('keeps silent when a service replays everything as created', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord(kw(2))] });
    test.said();
    test.transport.send({ kind: 'created', dispatch: dispatchRecord(kw(2)) });
    test.transport.send({ kind: 'updated', dispatch: dispatchRecord(kw(1)) });
    await test.clock.settle();
    expect(test.said()).toEqual([]);
    expect(test.dispatcher.dispatches.get(1)?.payload).toEqual({ kw: 2 });
  });

  it('yields the differences when it comes back', async () => {
    const dispatches = [1, 2, 3].map(id => dispatchRecord({ id, startTimeMs: at('08:50'), ...kw(5) }));
    await using test = await startDispatcher({ dispatches });
    test.said();
    test.transport.cut();
    test.transport.putSilently(
      dispatchRecord({ id: 2, startTimeMs: at('08:50'), ...kw(6) }),
      dispatchRecord({ id: 4, startTimeMs: at('08:50') }),
    );
    test.transport.deleteSilently(3);
    await test.clock.advanceBy(0);
    expect(test.said()).toEqual([
      '2 updated',
      '2 reconfigured 08:50-09:20 by update at 09:00',
      '4 created',
      '4 started 08:50-09:20 by update at 09:00',
      '3 deleted',
      '3 stopped 08:50-09:20 by delete at 09:00',
    ]);
  });

  it('takes an older version from a list, as after a restored backup, but not from a stream', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord(kw(5))] });
    test.transport.send({ kind: 'updated', dispatch: dispatchRecord(kw(4)) });
    await test.clock.settle();
    expect(test.dispatcher.dispatches.get(1)?.payload).toEqual({ kw: 5 });
    test.transport.putSilently(dispatchRecord(kw(4)));
    test.transport.cut();
    await test.clock.advanceBy(0);
    expect(test.dispatcher.dispatches.get(1)?.payload).toEqual({ kw: 4 });
  });

  it('does not bring a deleted dispatch back by an event that was overtaken', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord(kw(1))] });
    test.transport.delete(1);
    test.transport.send({ kind: 'updated', dispatch: dispatchRecord(kw(2)) });
    await test.clock.settle();
    expect(test.dispatcher.dispatches.size).toBe(0);
  });

  it('runs dispatches on schedule while it is offline', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    test.said();
    for (let i = 0; i < 1000; i++) test.transport.failNext('watch', new DispatchError('UNAVAILABLE', 'down'));
    test.transport.cut();
    await test.clock.advanceTo(at('10:30'));
    expect(test.dispatcher.status.state).toBe('waiting');
    expect(test.said()).toEqual([
      '1 started 10:00-10:30 by schedule at 10:00',
      '1 stopped 10:00-10:30 by schedule at 10:30',
    ]);
  });

  it('says by its status when it heard from the service last, what is wrong and when it tries again', async () => {
    await using test = await startDispatcher({ sync: false });
    const told: object[] = [];
    test.dispatcher.on('sync', status => told.push(status));
    const unknown = { polling: false, position: null, clockOffsetMs: null };
    const fresh = { ...unknown, state: 'new', lastContactMs: null, retryAtMs: null, problem: null };
    expect(test.dispatcher.status).toEqual(fresh);
    await test.dispatcher.start();
    await test.dispatcher.ready();
    const live = { ...unknown, state: 'live', lastContactMs: at('09:00'), retryAtMs: null, problem: null };
    expect(test.dispatcher.status).toEqual(live);
    expect(told.at(-1)).toEqual(live);
    await test.clock.advanceBy(minuteMs);
    test.transport.put(dispatchRecord());
    await test.clock.settle();
    expect(test.dispatcher.status).toEqual({ ...live, lastContactMs: at('09:01') });
    for (let i = 0; i < 9; i++) test.transport.failNext('watch', new DispatchError('UNAVAILABLE', 'down'));
    test.transport.cut();
    await test.clock.advanceBy(0);
    const { retryAtMs, ...waiting } = test.dispatcher.status;
    expect(waiting).toMatchObject({ state: 'waiting', problem: { code: 'UNAVAILABLE', message: 'down' } });
    expect(told.at(-1)).toEqual(test.dispatcher.status);
    const retry = new Promise(resolve => {
      const undo = test.dispatcher.on('sync', status => {
        undo();
        resolve({ atMs: test.clock.nowMs(), ...status });
      });
    });
    await test.clock.advanceTo(retryAtMs ?? 0);
    expect(await retry).toMatchObject({ state: 'connecting', atMs: retryAtMs, retryAtMs: null });
    await test.clock.advanceBy(minuteMs);
    expect(test.dispatcher.status).toMatchObject({ state: 'live', problem: null });
    expect(JSON.parse(JSON.stringify(test.dispatcher.status))).toEqual(test.dispatcher.status);
  });

  it('tries again at once, then with waits that grow to half a minute, and at once again after a healthy while', async () => {
    await using test = await startDispatcher();
    const times: number[] = [];
    test.dispatcher.on('sync', ({ state }) => {
      if (state === 'connecting') times.push(test.clock.nowMs());
    });
    for (let i = 0; i < 20; i++) test.transport.failNext('watch', new DispatchError('UNAVAILABLE', 'down'));
    await test.clock.advanceBy(20_000);
    test.transport.cut();
    await test.clock.advanceBy(hourMs);
    expect(test.dispatcher.status.state).toBe('live');
    const waits = times.map((time, i) => time - (times[i - 1] ?? at('09:00:20')));
    expect(waits).toHaveLength(21);
    expect(waits[0]).toBe(0);
    for (const [i, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(Math.min(30_000, 250 * 2 ** (i - 1)));
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(60_000);
    test.transport.cut();
    await test.clock.advanceBy(0);
    expect(test.dispatcher.status.state).toBe('live');
  });

  it('does not spin when connections are lost as soon as they are live', async () => {
    await using test = await startDispatcher();
    let lost = 0;
    test.dispatcher.on('sync', ({ state }) => {
      if (state === 'live') test.transport.cut();
      if (state === 'waiting') lost += 1;
    });
    test.transport.cut();
    await test.clock.advanceBy(10 * minuteMs);
    expect(lost).toBeGreaterThan(5);
    expect(lost).toBeLessThan(200);
  });

  it('reports rejected credentials and tries again slowly', async () => {
    await using test = await startDispatcher({ sync: false });
    for (let i = 0; i < 3; i++) test.transport.failNext('watch', new DispatchError('UNAUTHENTICATED', 'who are you'));
    await test.dispatcher.start();
    await test.clock.advanceBy(29_000);
    expect(test.problems.map(problem => problem.code)).toEqual(['UNAUTHENTICATED']);
    await test.clock.advanceBy(4 * minuteMs);
    expect(test.problems).toHaveLength(3);
    expect(test.dispatcher.status.state).toBe('live');
  });

  it('retries a first list that fails, within a second', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()], sync: false });
    test.transport.failNext('list', new DispatchError('UNAVAILABLE', 'starting'));
    await test.dispatcher.start();
    await test.clock.advanceBy(0);
    expect(test.dispatcher.status.state).toBe('live');
    expect(test.said()).toEqual(['1 created']);
  });

  it('says nothing of a stream that reached its deadline, and opens it again', async () => {
    await using test = await startDispatcher();
    test.transport.cut(new DispatchError('DEADLINE_EXCEEDED', 'five minutes are over'));
    await test.clock.advanceBy(0);
    expect(test.problems).toEqual([]);
    expect(test.dispatcher.status.state).toBe('live');
  });

  it('reports and skips a dispatch that cannot be evaluated', async () => {
    await using test = await startDispatcher({
      dispatches: [dispatchRecord({ id: 7, recurrence: daily({ byHours: [24] }) }), dispatchRecord()],
    });
    expect(test.said()).toEqual(['1 created']);
    expect(test.problems).toMatchObject([
      { code: 'UNEVALUABLE', dispatchId: 7, message: expect.stringContaining('byHours') },
    ]);
  });

  it('keeps a dispatch that a list has but that it cannot read', async () => {
    await using test = await startDispatcher({
      dispatches: [dispatchRecord({ startTimeMs: at('08:50') }), dispatchRecord({ id: 2 })],
    });
    test.said();
    test.transport.garble(1);
    test.transport.deleteSilently(2);
    test.transport.cut();
    await test.clock.advanceBy(0);
    expect(test.said()).toEqual(['2 deleted']);
    expect(test.problems.map(({ code }) => code)).toEqual(['UNAVAILABLE', 'UNDECODABLE']);
    expect(test.dispatcher.dispatches.get(1)?.running('CHARGE')).toBe('RUNNING');
  });

  it('takes a deletion of which it can read no more than the id', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ startTimeMs: at('08:50') })] });
    test.said();
    const problem = new DispatchError('UNDECODABLE', 'dispatch 1: data is missing', { dispatchId: 1 });
    test.transport.send({ kind: 'problem', problem, deletedId: 1 });
    await test.clock.settle();
    expect(test.said()).toEqual(['1 deleted', '1 stopped 08:50-09:20 by delete at 09:00']);
    expect(test.problems).toEqual([problem]);
  });

  it('replays all that came while it listed', async () => {
    await using test = await startDispatcher({ sync: false });
    const release = test.transport.hold('list');
    await test.dispatcher.start();
    await test.clock.settle();
    for (let id = 1; id <= 100; id++) test.transport.put(dispatchRecord({ id }));
    release();
    await test.dispatcher.ready();
    expect(test.dispatcher.dispatches.size).toBe(100);
  });

  it('applies what a stream brought just before it was lost', async () => {
    await using test = await startDispatcher();
    test.transport.put(dispatchRecord());
    test.transport.delete(1);
    test.transport.cut();
    await test.clock.advanceBy(0);
    expect(test.said()).toEqual(['1 created', '1 deleted']);
  });

  it('takes back an id that a list brings back, as after a restored backup', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord(kw(1))] });
    test.transport.delete(1);
    await test.clock.settle();
    test.transport.putSilently(dispatchRecord(kw(1)));
    test.transport.cut();
    await test.clock.advanceBy(0);
    test.transport.put(dispatchRecord(kw(2)));
    await test.clock.settle();
    expect(test.dispatcher.dispatches.get(1)?.payload).toEqual({ kw: 2 });
  });

  it('remembers a deletion for ten minutes', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord(), dispatchRecord({ id: 2 })] });
    test.transport.delete(1);
    await test.clock.advanceBy(10 * minuteMs - 1);
    test.transport.send({ kind: 'updated', dispatch: dispatchRecord(kw(2)) });
    await test.clock.settle();
    expect(test.dispatcher.dispatches.has(1)).toBe(false);
    await test.clock.advanceBy(1);
    test.transport.send({ kind: 'updated', dispatch: dispatchRecord(kw(2)) });
    await test.clock.settle();
    expect(test.dispatcher.dispatches.has(1)).toBe(true);
  });

  it('leaves alone what changes about a dispatch that ended long ago', async () => {
    await using test = await startDispatcher({ now: 'Thu 12:00' });
    test.transport.send({ kind: 'created', dispatch: dispatchRecord({ endTimeMs: at('10:30') }) });
    await test.clock.settle();
    expect(test.said()).toEqual([]);
  });

  it('stops a run whose update cannot be evaluated, and keeps the dispatch as inactive', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ startTimeMs: at('08:50') })] });
    test.said();
    test.transport.put(dispatchRecord({ startTimeMs: at('08:50'), recurrence: daily({ interval: 0 }), ...kw(2) }));
    await test.clock.settle();
    expect(test.said()).toEqual(['1 updated', '1 stopped 08:50-09:20 by update at 09:00']);
    expect(test.problems).toMatchObject([{ code: 'UNEVALUABLE', dispatchId: 1 }]);
    expect(test.dispatcher.dispatches.get(1)?.active).toBe(false);
  });

  it('asks only for what can still matter, and forgets silently a day after the end that the service calculated', async () => {
    const ended = (id: number, time: string) =>
      dispatchRecord({ id, startTimeMs: at(time), endTimeMs: at(time) + 30 * minuteMs });
    await using test = await startDispatcher({
      now: 'Wed 12:00',
      dispatches: [ended(1, 'Tue 11:00'), ended(2, 'Tue 12:00'), ended(3, 'Wed 11:00'), dispatchRecord({ id: 4 })],
    });
    expect([...test.dispatcher.dispatches.keys()]).toEqual([2, 3, 4]);
    test.said();
    await test.clock.advanceTo(at('Wed 12:30'));
    expect([...test.dispatcher.dispatches.keys()]).toEqual([3, 4]);
    await test.clock.advanceTo(at('Sun 12:00'));
    expect([...test.dispatcher.dispatches.keys()]).toEqual([4]);
    expect(test.said()).toEqual([]);
  });

  it('does not delete what a list did not ask for', async () => {
    const ending = dispatchRecord({ startTimeMs: at('Tue 11:00'), endTimeMs: at('Tue 11:30') });
    await using test = await startDispatcher({ now: 'Wed 11:29', dispatches: [ending] });
    test.said();
    // The next list begins after the dispatch ended a day ago, but before the dispatcher forgot it.
    test.clock.suspend(2 * minuteMs);
    test.transport.cut();
    await test.clock.advanceBy(0);
    expect(test.said()).toEqual([]);
  });

  it('deletes a thousand dispatches that a list lacks', async () => {
    const dispatches = Array.from({ length: 1000 }, (_, i) => dispatchRecord({ id: i + 1 }));
    await using test = await startDispatcher({ dispatches });
    for (const { id } of dispatches) test.transport.deleteSilently(id);
    test.said();
    test.transport.cut();
    await test.clock.advanceBy(0);
    expect(test.said()).toHaveLength(1000);
    expect(test.dispatcher.dispatches.size).toBe(0);
  });
});

describe('time in a dispatcher', () => {
  it('comes before an update that was waiting when the machine woke', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ recurrence: daily() })] });
    test.said();
    test.clock.suspend(dayMs + 2 * hourMs);
    test.transport.put(dispatchRecord({ recurrence: daily(), ...kw(2) }));
    await test.clock.advanceBy(0);
    expect(test.said()).toEqual(['1 missed 2 10:00..Tue 10:00', '1 updated']);
  });

  it('judges an update that had to wait by the instant when it is applied', async () => {
    await using test = await startDispatcher({
      dispatches: [dispatchRecord(), dispatchRecord({ id: 2, startTimeMs: at('11:00') })],
    });
    test.said();
    // The machine sleeps past the start of 1, and past the one that an update gives to 2.
    test.clock.suspend(2 * hourMs + minuteMs);
    test.transport.put(dispatchRecord({ id: 2, startTimeMs: at('11:00'), durationMs: 0, ...kw(2) }));
    test.clock.step(-2 * hourMs);
    await test.clock.advanceBy(0);
    expect(test.said()).toEqual(['2 updated']);
    await test.clock.advanceTo(at('10:00'));
    expect(test.said()).toEqual(['1 started 10:00-10:30 by schedule at 10:00']);
  });

  it('is looked at also while the agenda moves all the time', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ durationMs: null })], now: '10:10' });
    test.said();
    test.clock.step(-hourMs);
    for (let n = 2; n < 12; n++) {
      test.transport.put(dispatchRecord({ id: 2, startTimeMs: at('12:00') - n * minuteMs, updateTime: version(n) }));
      await test.clock.advanceBy(200);
    }
    expect(test.said()).toContain('1 stopped 10:00-never by schedule at 09:10');
  });

  it('loses to an update of the same instant', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    test.said();
    test.clock.step(hourMs);
    test.transport.put(dispatchRecord(kw(2)));
    await test.clock.settle();
    expect(test.said()).toEqual(['1 updated', '1 started 10:00-10:30 by update at 10:00']);
  });

  it('starts dispatches before it stops others at one instant, then by id', async () => {
    const dispatches = [
      dispatchRecord({ id: 1 }),
      dispatchRecord({ id: 2 }),
      dispatchRecord({ id: 4, startTimeMs: at('10:30') }),
      dispatchRecord({ id: 3, startTimeMs: at('10:30') }),
    ];
    await using test = await startDispatcher({ dispatches });
    await test.clock.advanceTo(at('10:29'));
    test.said();
    await test.clock.advanceTo(at('10:30'));
    expect(test.said().map(line => line.split(' ').slice(0, 2).join(' '))).toEqual([
      '3 started',
      '4 started',
      '1 stopped',
      '2 stopped',
    ]);
  });

  it('notices within a second that the clock went back before a run', async () => {
    await using test = await startDispatcher({
      dispatches: [dispatchRecord({ durationMs: null }), dispatchRecord({ id: 2 })],
    });
    await test.clock.advanceTo(at('10:10'));
    test.said();
    test.clock.step(-hourMs);
    await test.clock.advanceBy(1000);
    expect(test.said()).toEqual([
      '1 stopped 10:00-never by schedule at 09:10:01',
      '2 stopped 10:00-10:30 by schedule at 09:10:01',
    ]);
    await test.clock.advanceTo(at('10:00'));
    expect(test.said()).toHaveLength(2);
  });

  it('notices within a second that the clock went forward into a run', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    test.said();
    test.clock.step(hourMs + 5 * minuteMs);
    await test.clock.advanceBy(1000);
    expect(test.said()).toEqual(['1 started 10:00-10:30 by schedule at 10:00 +301000']);
  });

  it('waits for a start that is further away than a timer can be', async () => {
    const startTimeMs = at('09:00') + 100 * dayMs;
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ startTimeMs })] });
    test.said();
    await test.clock.advanceBy(minuteMs);
    expect(test.said()).toEqual([]);
    test.clock.suspend(100 * dayMs - 2 * minuteMs);
    await test.clock.advanceTo(startTimeMs - 1);
    expect(test.said()).toEqual([]);
    await test.clock.advanceTo(startTimeMs);
    expect(test.said()).toHaveLength(1);
  });

  it('works off thousands of starts at one instant, each once', async () => {
    const dispatches = Array.from({ length: 3000 }, (_, i) => dispatchRecord({ id: i + 1 }));
    await using test = await startDispatcher({ dispatches });
    test.said();
    await test.clock.advanceTo(at('10:00'));
    expect(new Set(test.said()).size).toBe(3000);
  });
});
