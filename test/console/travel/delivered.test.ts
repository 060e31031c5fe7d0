import { afterEach, describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import type { NotificationData } from '../../../machines/dispatch/notificationData.js';
import type { AuditEntry } from '../../../src/client/audit.js';
import type { ConsoleEvent } from '../../../src/console/machine/consoleEvent.js';
import type { ConsoleActor } from '../../../src/console/machine/consoleMachine.js';
import { consoleOf } from '../../../src/console/machine/consoleOf.js';
import { styleNames } from '../../../src/console/timeline/barText.js';
import { styleOf } from '../../../src/console/timeline/layoutLane.js';
import { presentOf, viewRequest } from '../../../src/console/timeline/pictureSource.js';
import { runRows } from '../../../src/console/timeline/runRows.js';
import { Dispatch } from '../../../src/dispatch.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { daily, dispatchRecord, hourMs, minuteMs, monday10Ms, version } from '../../support/dispatchRecord.js';
import { doneSteps } from '../../support/doneSteps.js';
import { memorySession } from '../memorySession.js';

const actors: ConsoleActor[] = [];
afterEach(() => {
  for (const actor of actors.splice(0)) actor.stop();
});

/** A console that is opened on Monday at 10:00, with what a dispatcher announced before. */
async function openConsole(entries: readonly NotificationData[], records: readonly DispatchRecord[]) {
  const session = memorySession({ hasHistory: true });
  for (const record of records) session.transport.put(record);
  const port = { ...session, delivered: async () => ({ entries, isCut: false }) };
  const actor = createActor(consoleOf(port), { input: { nowMs: monday10Ms, zone: 'UTC' } }).start();
  actors.push(actor);
  const send = async (event: ConsoleEvent) => {
    actor.send(event);
    await session.clock.settle();
  };
  await send({ type: 'session.open', fields: { key: 'right' } });
  const pass = async (minutes: number) => {
    await session.clock.advanceBy(minutes * minuteMs);
    await send({ type: 'clock.ticked', atMs: session.clock.nowMs() });
  };
  return { ...session, actor, send, pass, rows: () => rowsOf(actor) };
}

/** The rows of a table: of each the dispatch, its start and end in minutes after Monday 10:00, and the state. */
function rowsOf(actor: ConsoleActor) {
  const snapshot = actor.getSnapshot();
  const { rows } = doneSteps(runRows(viewRequest(snapshot), 1_000)).result;
  const present = presentOf(snapshot);
  return rows.map(segment => {
    const { run, startMs, endMs } = segment;
    const [from, to] = [startMs, endMs].map(ms => (ms - monday10Ms) / minuteMs);
    return [run.record.id, from, to, styleNames[styleOf(segment, present)]];
  });
}

function entry(
  notification: NotificationData['notification'],
  minute: number,
  run: readonly [number, number],
  overrides: Partial<NotificationData> = {},
): NotificationData {
  const [startMs, endMs] = [monday10Ms + run[0] * minuteMs, monday10Ms + run[1] * minuteMs];
  const { id, type, selector, payload, dryRun } = dispatchRecord({ id: 1 });
  const what = { id, type, selector, payload, dryRun, notification, cause: 'schedule', lateMs: 0 } as const;
  return { ...what, atMs: monday10Ms + minute * minuteMs, run: { startMs, endMs }, ...overrides };
}

const at = (minute: number) => monday10Ms + minute * minuteMs;

describe('what was delivered before the console was opened', () => {
  const delivered = [entry('running.started', -60, [-60, -30]), entry('running.stopped', -50, [-60, -30])];

  it('is there when its dispatch has been deleted, in a lane of its type', async () => {
    const { rows } = await openConsole(delivered, []);
    expect(rows()).toEqual([[1, -60, -50, 'delivered']]);
  });

  it('is there when its dispatch is paused: only the rest is inactive', async () => {
    const { rows } = await openConsole(delivered, [
      dispatchRecord({ id: 1, startTimeMs: at(-60), durationMs: 30 * minuteMs, active: false }),
    ]);
    expect(rows()).toEqual([
      [1, -60, -50, 'delivered'],
      [1, -50, -30, 'inactive'],
    ]);
  });

  it('is there when its dispatch has been moved to later', async () => {
    const { rows } = await openConsole(delivered, [
      dispatchRecord({ id: 1, startTimeMs: at(20), durationMs: 30 * minuteMs }),
    ]);
    expect(rows()).toEqual([
      [1, -60, -50, 'delivered'],
      [1, 20, 50, 'planned'],
    ]);
  });

  it('does not hide that a run was paused for a while', async () => {
    const { rows } = await openConsole(
      [
        ...delivered,
        entry('running.started', -40, [-60, -30], { cause: 'update' }),
        entry('running.stopped', -30, [-60, -30]),
      ],
      [dispatchRecord({ id: 1, startTimeMs: at(-60), durationMs: 30 * minuteMs })],
    );
    expect(rows()).toEqual([
      [1, -60, -50, 'delivered'],
      [1, -50, -40, 'past'],
      [1, -40, -30, 'delivered'],
    ]);
  });

  it('is one row for each run as it is planned, though it was announced late', async () => {
    const record = dispatchRecord({
      id: 1,
      startTimeMs: at(-120),
      durationMs: 10 * minuteMs,
      recurrence: daily({ frequency: 'HOURLY' }),
    });
    const entries = [-120, -60].flatMap(minute => [
      entry('running.started', minute, [minute, minute + 10], { lateMs: 40 }),
      entry('running.stopped', minute + 10, [minute, minute + 10], { lateMs: 40 }),
    ]);
    const { rows } = await openConsole(entries, [record]);
    expect(rows().slice(0, 3)).toEqual([
      [1, -120, -110, 'delivered'],
      [1, -60, -50, 'delivered'],
      [1, 0, 10, 'running'],
    ]);
  });
});

describe('what is delivered while the console is open', () => {
  const running = dispatchRecord({ id: 1, startTimeMs: at(-10), durationMs: 30 * minuteMs });
  const started = entry('running.started', -10, [-10, 20]);

  it('stays when its dispatch is deleted, from the start that the dispatcher beside it announced', async () => {
    const { rows, pass, transport } = await openConsole([started], [running]);
    expect(rows()).toEqual([[1, -10, 20, 'running']]);
    await pass(3);
    transport.delete(1);
    await pass(1);
    expect(rows()).toEqual([[1, -10, 3, 'delivered']]);
  });

  it('stays when its dispatch is paused, and when it goes on', async () => {
    const { rows, pass, transport } = await openConsole([], [running]);
    await pass(3);
    transport.put({ ...running, active: false, updateTime: version(2) });
    await pass(1);
    expect(rows()).toEqual([
      [1, -10, 3, 'delivered'],
      [1, 3, 20, 'inactive'],
    ]);
    transport.put({ ...running, updateTime: version(3) });
    await pass(1);
    expect(rows()).toEqual([
      [1, -10, 3, 'delivered'],
      [1, 3, 4, 'past'],
      [1, 4, 20, 'running'],
    ]);
  });
});

describe('the past by the audit', () => {
  it('has one row of a run that was changed while it was on', async () => {
    const { actor, audit, send, rows } = await openConsole([], []);
    const records = Array.from({ length: 6 }, (_, index) =>
      dispatchRecord({ id: 1, startTimeMs: at(-60), durationMs: hourMs, payload: { index } }),
    );
    for (const [index, record] of records.entries()) {
      const before = records[index - 1];
      audit.push({
        dispatchId: 1,
        time: new Date(at(-70 + 5 * index)),
        before: before === undefined ? null : new Dispatch(before),
        after: new Dispatch(record),
      } as AuditEntry);
    }
    const last = records.at(-1) as DispatchRecord;
    audit.push({
      dispatchId: 1,
      time: new Date(at(-30)),
      before: new Dispatch(last),
      after: new Dispatch({ ...last, active: false }),
    } as AuditEntry);
    await send({ type: 'time.travelled', toMs: at(-20) });
    expect(actor.getSnapshot().value.time).toEqual({ past: 'known' });
    expect(rows().map(([, from, to]) => [from, to])).toEqual([
      [-60, -30],
      [-30, 0],
    ]);
    // Also where the view begins within the run.
    await send({ type: 'view.timeShown', fromMs: at(-47), toMs: at(-37) });
    expect(rows().map(([, from, to]) => [from, to])).toEqual([[-60, -30]]);
  });
});
