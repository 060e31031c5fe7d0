import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqliteStore } from '../../../src/store/sqliteStore.js';
import { daily, dispatchRecord, hourMs, minuteMs } from '../../support/dispatchRecord.js';
import { runCli } from '../../support/runCli.js';
import { startCli } from '../../support/startCli.js';
import { startDispatcher } from '../../support/startDispatcher.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { at } from '../../support/time.js';

let folder: ReturnType<typeof temporaryFolder>;
let store: string;

/** Monday to Wednesday, 10:00 to 10:30, on Tuesday cut at 10:10; and a run that is missed on Wednesday evening. */
beforeAll(async () => {
  folder = temporaryFolder();
  store = join(folder.path, 'store.db');
  const dispatches = [
    dispatchRecord({ id: 1, recurrence: daily({ count: 3 }), payload: { kw: 5 } }),
    dispatchRecord({ id: 2, type: 'DISCHARGE', startTimeMs: at('Wed 20:00'), durationMs: hourMs }),
  ];
  await using test = await startDispatcher({ dispatches, store: sqliteStore(store) });
  await test.clock.advanceTo(at('Tue 10:10'));
  test.transport.update(1, { durationMs: 5 * minuteMs });
  await test.clock.advanceTo(at('Tue 10:11'));
  test.transport.update(1, { durationMs: 30 * minuteMs });
  await test.clock.advanceTo(at('Wed 19:00'));
  test.clock.suspend(3 * hourMs);
  await test.clock.advanceBy(1_000);
  await test.dispatcher.stop();
});
afterAll(() => folder[Symbol.dispose]());

const history = (...args: string[]) => runCli(['history', '--store', store, ...args]);

describe('history', () => {
  it('prints what was announced, newest first, and how late', async () => {
    const { code, stdout, stderr } = await history();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines.shift()).toMatch(
      /^2026-03-04 22:00:0\d\.\d{3} {2}missed {8}2 DISCHARGE {2}1 run passed unnoticed, 2026-03-04 20:00:00 UTC$/,
    );
    const plan = 'components 5 {"kw":5}';
    expect(lines).toEqual([
      '2026-03-04 10:30:00.000  stopped       1 CHARGE  by schedule',
      `2026-03-04 10:00:00.000  started       1 CHARGE  by schedule, until 10:30:00 UTC, ${plan}`,
      '2026-03-03 10:30:00.000  stopped       1 CHARGE  by schedule',
      `2026-03-03 10:11:00.000  started       1 CHARGE  by update, until 10:30:00 UTC, ${plan}`,
      '2026-03-03 10:10:00.000  stopped       1 CHARGE  by update',
      `2026-03-03 10:00:00.000  started       1 CHARGE  by schedule, until 10:30:00 UTC, ${plan}`,
      '2026-03-02 10:30:00.000  stopped       1 CHARGE  by schedule',
      `2026-03-02 10:00:00.000  started       1 CHARGE  by schedule, until 10:30:00 UTC, ${plan}`,
      '9 entries.',
      '',
    ]);
  });

  it('filters by id, type, kind and time, and says where its limit cuts', async () => {
    const lines = async (...args: string[]) => (await history(...args)).stdout.trim().split('\n');
    expect(await lines('--dispatch-ids', '2-4')).toEqual([expect.stringContaining('2 DISCHARGE'), '1 entry.']);
    expect(await lines('--type', 'NONE')).toEqual(['0 entries.']);
    expect(await lines('2')).toEqual(['0 entries.']);
    expect((await lines('--kind', 'started,missed')).length).toBe(6);
    const tuesday = ['--from', '2026-03-03', '--to', '2026-03-04T00:00', '--oldest-first'];
    expect(await lines(...tuesday, '--limit', '2')).toEqual([
      expect.stringMatching(/^2026-03-03 10:00:00.000 {2}started/),
      expect.stringMatching(/^2026-03-03 10:10:00.000 {2}stopped/),
      'The first 2 entries.',
    ]);
    expect((await lines(...tuesday, '--limit', '4')).at(-1)).toBe('4 entries.');
  });

  it('prints with --json what follow printed, with microgrid and number', async () => {
    const { stdout } = await history('--json', '--oldest-first', '--limit', '1');
    expect(JSON.parse(stdout)).toEqual({
      seq: expect.any(Number),
      microgridId: 1,
      notification: 'running.started',
      id: 1,
      type: 'CHARGE',
      atMs: at('10:00'),
      lateMs: 0,
      cause: 'schedule',
      run: { startMs: at('10:00'), endMs: at('10:30') },
      selector: { ids: [5] },
      payload: { kw: 5 },
      dryRun: false,
    });
  });

  it('follows what a dispatcher writes, until it is interrupted', async () => {
    const path = join(folder.path, 'followed.db');
    const dispatches = [dispatchRecord({ recurrence: daily() })];
    await using test = await startDispatcher({ dispatches, store: sqliteStore(path) });
    await using following = startCli(['history', '--store', path, '--follow']);
    let heard: string | undefined;
    void following.line().then(line => {
      heard = line;
    });
    // It tells what is written from when it is ready on, which nobody else can see.
    while (heard === undefined) {
      await test.clock.advanceBy(24 * hourMs);
      await setTimeout(100);
    }
    expect(heard).toMatch(/(started|stopped) {7}1 CHARGE/);
    expect(await following.stop()).toMatchObject({ code: 0, stderr: '' });
  });

  it('refuses what makes no sense', async () => {
    const none = join(folder.path, 'none.db');
    expect(await runCli(['history', '--store', none])).toMatchObject({
      code: 2,
      stderr: `error: --store: there is no file ${none}\n`,
    });
    expect((await runCli(['history'])).stderr).toContain("required option '--store <file>' not specified");
    expect((await history('--kind', 'begun')).stderr).toContain(
      'It must be one of started, resumed, reconfigured, stopped, missed.',
    );
    expect((await history('--follow', '--from', 'today')).code).toBe(2);
  });
});

describe('report', () => {
  const report = (...args: string[]) =>
    runCli(['report', '--store', store, '--from', '2026-03-01', '--to', '2026-03-05', ...args]);

  it('compares planned with delivered hours per type and component', async () => {
    const { code, stdout, stderr } = await report();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'TYPE       COMPONENT  RUNS  PLANNED  DELIVERED  MISSED  LATE P50  P99  MAX',
      'CHARGE     5             3   1.50 h     1.48 h       0        0s   0s   0s',
      'DISCHARGE  5             0   1.00 h     0.00 h       1',
      'Planned and delivered from 2026-03-01 00:00:00 UTC to 2026-03-05 00:00:00 UTC.',
      '',
    ]);
  });

  it('prints JSON in milliseconds', async () => {
    const { stdout } = await report('--json', '--type', 'CHARGE');
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'CHARGE',
      component: { id: 5 },
      runs: 3,
      deliveredMs: 89 * minuteMs,
    });
  });

  it('says when there is nothing, and refuses times that make no sense', async () => {
    expect((await report('--type', 'NONE')).stdout).toMatch(/^No runs from /);
    expect((await report('--to', '2026-02-01')).stderr).toBe('error: --to must be after --from.\n');
    expect((await report('--to', 'in 1 day')).stderr).toBe('error: --to must not be later than now.\n');
  });
});
