import { describe, expect, it } from 'vitest';
import { reportHistory } from '../../src/store/historyReport.js';
import type { HistoryEntry } from '../../src/store/readHistory.js';
import { hourMs, minuteMs } from '../support/dispatchRecord.js';
import { at } from '../support/time.js';

/** An entry about the run from 10:00 to 11:00 of dispatch 1, for component 5. */
function entry(notification: HistoryEntry['notification'], noticed: string, overrides: Partial<HistoryEntry> = {}) {
  const run = overrides.run ?? { startMs: at('10:00'), endMs: at('11:00') };
  const plannedMs = notification === 'running.stopped' ? run.endMs : run.startMs;
  const atMs = overrides.atMs ?? (overrides.cause === 'update' ? at(noticed) : (plannedMs ?? at(noticed)));
  return {
    seq: 0,
    microgridId: 1,
    notification,
    id: 1,
    type: 'CHARGE',
    cause: 'schedule',
    selector: { ids: [5] },
    payload: {},
    dryRun: false,
    ...overrides,
    run,
    atMs,
    lateMs: at(noticed) - atMs,
  } as HistoryEntry;
}

const report = (entries: HistoryEntry[], from = '09:00', to = '12:00') =>
  reportHistory(entries, { fromMs: at(from), toMs: at(to) });

const hour = { plannedMs: hourMs, deliveredMs: hourMs, missed: 0, runs: 1 };

describe('the report of a history', () => {
  it('has the hours of a run that was delivered as planned', async () => {
    expect(await report([entry('running.started', '10:00'), entry('running.stopped', '11:00')])).toEqual([
      {
        microgridId: 1,
        type: 'CHARGE',
        component: { id: 5 },
        dryRun: false,
        ...hour,
        late: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
      },
    ]);
  });

  it('counts what was late from the announcements, and how late starts were', async () => {
    const late = [entry('running.started', '10:15'), entry('running.stopped', '11:30')];
    expect(await report(late)).toMatchObject([
      { plannedMs: hourMs, deliveredMs: 75 * minuteMs, late: { p50Ms: 15 * minuteMs, maxMs: 15 * minuteMs } },
    ]);
  });

  it('has no lateness of starts that the schedule did not cause', async () => {
    const entries = [entry('running.started', '10:15', { cause: 'update' }), entry('running.stopped', '11:00')];
    expect(await report(entries)).toMatchObject([{ runs: 1, late: null, deliveredMs: 45 * minuteMs }]);
  });

  it('takes as planned what an update ended early', async () => {
    const entries = [entry('running.started', '10:00'), entry('running.stopped', '10:30', { cause: 'update' })];
    expect(await report(entries)).toMatchObject([{ plannedMs: hourMs, deliveredMs: 30 * minuteMs }]);
  });

  it('counts a run once that was stopped and started again', async () => {
    const entries = [
      entry('running.started', '10:00'),
      entry('running.stopped', '10:30', { cause: 'update' }),
      entry('running.started', '10:40', { cause: 'update' }),
      entry('running.stopped', '11:00'),
    ];
    expect(await report(entries)).toMatchObject([{ runs: 1, plannedMs: hourMs, deliveredMs: 50 * minuteMs }]);
  });

  it('takes a run without end as planned until its stop', async () => {
    const run = { startMs: at('10:00'), endMs: null };
    const entries = [
      entry('running.started', '10:00', { run }),
      entry('running.stopped', '10:30', { run, cause: 'update' }),
    ];
    expect(await report(entries)).toMatchObject([{ plannedMs: 30 * minuteMs, deliveredMs: 30 * minuteMs }]);
  });

  it('counts each part of a reconfigured run for its components', async () => {
    const changed = {
      cause: 'update',
      run: { startMs: at('10:00'), endMs: at('12:00') },
      selector: { categories: [{ category: 'BATTERY' }] },
    } as const;
    const entries = [
      entry('running.started', '10:00'),
      entry('running.reconfigured', '10:20', changed),
      entry('running.stopped', '12:00', { ...changed, cause: 'schedule' }),
    ];
    expect(await report(entries, '09:00', '13:00')).toMatchObject([
      { component: { id: 5 }, runs: 1, plannedMs: 20 * minuteMs, deliveredMs: 20 * minuteMs },
      { component: { category: 'BATTERY' }, runs: 0, plannedMs: 100 * minuteMs, deliveredMs: 100 * minuteMs },
    ]);
  });

  it('ends a run where another one takes over', async () => {
    const next = { run: { startMs: at('10:30'), endMs: at('11:30') } };
    const entries = [
      entry('running.started', '10:00'),
      entry('running.started', '10:30', next),
      entry('running.stopped', '11:30', next),
    ];
    expect(await report(entries)).toMatchObject([
      { runs: 2, plannedMs: 90 * minuteMs, deliveredMs: 90 * minuteMs, missed: 0 },
    ]);
  });

  it('counts missed runs as planned', async () => {
    const missed = { run: { startMs: at('10:00'), endMs: at('10:10') }, count: 3, atMs: at('10:00') };
    expect(await report([entry('run.missed', '11:00', missed)])).toMatchObject([
      { missed: 3, plannedMs: 30 * minuteMs, deliveredMs: 0, runs: 0, late: null },
    ]);
  });

  it('counts only what is within its time, also of runs that are still on', async () => {
    const entries = [
      entry('running.started', '10:00'),
      entry('running.stopped', '11:00'),
      entry('running.started', '12:00', { id: 2, run: { startMs: at('12:00'), endMs: at('14:00') } }),
    ];
    expect(await report(entries, '10:45', '12:30')).toMatchObject([
      { runs: 1, plannedMs: 45 * minuteMs, deliveredMs: 45 * minuteMs },
    ]);
    expect(await report(entries, '11:10', '11:50')).toEqual([]);
  });

  it('takes a run as delivered until its end when its stop was not announced', async () => {
    expect(await report([entry('running.started', '10:00')])).toMatchObject([hour]);
  });

  it('takes the start of the run for the start that is not in the history any more', async () => {
    expect(await report([entry('running.stopped', '11:00')])).toMatchObject([{ ...hour, runs: 0 }]);
    const resumed = [entry('running.resumed', '10:30', { cause: 'restore', atMs: at('10:30') })];
    expect(await report([...resumed, entry('running.stopped', '11:00')])).toMatchObject([{ ...hour, runs: 0 }]);
  });

  it('counts a dispatch for each of its components, and microgrids, types and dry runs apart, in order', async () => {
    const of = (overrides: Partial<HistoryEntry>) => [
      entry('running.started', '10:00', overrides),
      entry('running.stopped', '11:00', overrides),
    ];
    const rows = await report([
      ...of({ id: 4, microgridId: 2 }),
      ...of({ id: 3, type: 'DISCHARGE' }),
      ...of({ id: 2, dryRun: true }),
      ...of({ id: 1, selector: { ids: [10, 5] } }),
    ]);
    expect(rows.map(({ microgridId, type, component, dryRun }) => [microgridId, type, component, dryRun])).toEqual([
      [1, 'CHARGE', { id: 5 }, false],
      [1, 'CHARGE', { id: 10 }, false],
      [1, 'CHARGE', { id: 5 }, true],
      [1, 'DISCHARGE', { id: 5 }, false],
      [2, 'CHARGE', { id: 5 }, false],
    ]);
  });

  it('has the late starts of which half, and 99 of a hundred, are not later', async () => {
    const entries = Array.from({ length: 100 }, (_, i) =>
      entry('running.started', `10:00:00.${String(i + 1).padStart(3, '0')}`, { id: i }),
    );
    expect(await report(entries)).toMatchObject([{ runs: 100, late: { p50Ms: 50, p99Ms: 99, maxMs: 100 } }]);
  });
});
