import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Dispatch } from '../../../src/dispatch.js';
import { daily, dispatchRecord, minuteMs } from '../../support/dispatchRecord.js';
import { runCli } from '../../support/runCli.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { at } from '../../support/time.js';
import { createdIn, dispatch, dispatchJson, useCommandService } from './commandService.js';
import { expectRefusal } from './expectRefusal.js';

useCommandService();

describe('simulate', () => {
  it('prints what would be announced of the dispatches of a service, by days', async () => {
    const { id } = await createdIn(
      60,
      'CHARGE',
      'BATTERY',
      '2030-01-01T10:00',
      '30m',
      '-f',
      'daily',
      '--payload',
      '{"kw":5}',
    );
    await createdIn(60, 'DISCHARGE', '4', '2030-01-02T10:30', '1h', '--dry-run', 'true');
    expect(await dispatch('simulate', '60', '2030-01-01T10:10', '2030-01-02T10:31')).toEqual([
      'Tue 2030-01-01',
      `  10:10:00.000  started       ${id} CHARGE  by sync, until 10:30:00 UTC, BATTERY {"kw":5}`,
      `  10:30:00.000  stopped       ${id} CHARGE  by schedule`,
      'Wed 2030-01-02',
      `  10:00:00.000  started       ${id} CHARGE  by schedule, until 10:30:00 UTC, BATTERY {"kw":5}`,
      `  10:30:00.000  started       ${id + 1} DISCHARGE  by schedule, until 11:30:00 UTC, components 4, dry run`,
      `  10:30:00.000  stopped       ${id} CHARGE  by schedule`,
      '5 notifications until 2030-01-02 10:31:00 UTC.',
    ]);
    expect(await dispatch('simulate', '60', '2030-01-02', '2030-01-03', '--type', 'DISCHARGE')).toHaveLength(4);
    const [line] = await dispatchJson('simulate', '60', '2030-01-01T10:10', '2030-01-01T10:20');
    expect(line).toEqual({
      notification: 'running.started',
      id,
      type: 'CHARGE',
      atMs: Date.UTC(2030, 0, 1, 10, 10),
      lateMs: 0,
      cause: 'sync',
      run: { startMs: Date.UTC(2030, 0, 1, 10), endMs: Date.UTC(2030, 0, 1, 10, 30) },
      selector: { categories: [{ category: 'BATTERY' }] },
      payload: { kw: 5 },
      dryRun: false,
    });
  });

  it('reads a file of JSON lines instead, and merges as a receiver does', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.jsonl');
    const plan = [
      dispatchRecord({ id: 1, recurrence: daily({ count: 2 }) }),
      dispatchRecord({ id: 2, startTimeMs: at('10:10'), durationMs: 10 * minuteMs }),
      dispatchRecord({ id: 3, microgridId: 2 }),
    ];
    const lines = plan.map(record => JSON.stringify(new Dispatch(record)));
    lines.push('', '{"id":4,"type":"CHARGE","startTime":"2026-03-02T12:00:00Z","selector":{"ids":[5]}}');
    writeFileSync(file, lines.join('\n'));
    const simulate = (...args: string[]) =>
      runCli(['simulate', '1', '2026-03-02', '2026-03-04', '--file', file, ...args]);
    const { code, stdout, stderr } = await simulate('--merge', 'type');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'Mon 2026-03-02',
      '  10:00:00.000  started       1 CHARGE  by schedule, until 10:30:00 UTC, components 5',
      '  10:10:00.000  started       2 CHARGE  by schedule, until 10:20:00 UTC, components 5',
      '  10:20:00.000  reconfigured  1 CHARGE  by handover, until 10:30:00 UTC, components 5',
      '  10:30:00.000  stopped       1 CHARGE  by schedule',
      '  12:00:00.000  started       4 CHARGE  by schedule, without end, components 5',
      'Tue 2026-03-03',
      '  10:00:00.000  started       1 CHARGE  by schedule, until 10:30:00 UTC, components 5',
      '  10:30:00.000  reconfigured  4 CHARGE  by handover, without end, components 5',
      '7 notifications until 2026-03-04 00:00:00 UTC.',
      '',
    ]);
    const cut = await simulate('--limit', '3');
    expect(cut.stdout.split('\n')).toHaveLength(5);
    expect(cut.stderr).toBe('There are more than 3 notifications; --limit prints more.\n');
    const cutJson = await simulate('--limit', '1', '--json');
    expect(JSON.parse(cutJson.stderr)).toEqual({ note: 'There are more than 1 notification; --limit prints more.' });
  });

  it.each([
    ['{"id":1', /^error: line 2 of .*: It must be valid JSON/],
    [
      '{"id":1,"type":"T","startTime":"tomorrow","selector":{"ids":[1]}}',
      /line 2 of .*: startTime must be a time such as 2026-04-01T14:00:00Z, got tomorrow/,
    ],
    [
      '{"id":-1,"type":"T","startTime":"2026-03-02T12:00:00Z","selector":{"ids":[1]}}',
      /line 2 of .*: id must be an integer of 0 or more, got -1/,
    ],
  ])('names what is wrong in a line: %s', async (wrong, message) => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.jsonl');
    writeFileSync(file, `\n${wrong}\n`);
    const { code, stderr } = await runCli(['simulate', '1', 'now', 'in 1 day', '--file', file]);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  it('refuses what makes no sense', async () => {
    expectRefusal(await runCli(['simulate', '1', 'now', 'yesterday']), 2, '<to> must be after <from>');
    expectRefusal(
      await runCli(['simulate', '1', 'now', 'tomorrow', '--file', '/none/plan']),
      2,
      'cannot read /none/plan',
    );
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.jsonl');
    const line = JSON.stringify(new Dispatch(dispatchRecord({})));
    writeFileSync(file, `${line}\n${line}\n`);
    expectRefusal(await runCli(['simulate', '1', 'now', 'tomorrow', '--file', file]), 1, 'dispatch 1 is there twice');
  });

  it('prints many notifications in one call', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.jsonl');
    const count = process.env.TEST_LONG ? 500_000 : 20_000;
    const rule = { frequency: 'MINUTELY', interval: 1 } as const;
    const plan = Array.from({ length: count / 2_000 }, (_, i) =>
      JSON.stringify(new Dispatch(dispatchRecord({ id: i + 1, durationMs: 30_000, recurrence: rule }))),
    );
    writeFileSync(file, plan.join('\n'));
    const args = ['--file', file, '--limit', `${count}`, '--json'];
    const { code, stdout, stderr } = await runCli(['simulate', '1', '2026-03-02T10:00', '2026-03-03T02:40', ...args]);
    expect({ code, stderr, lines: stdout.split('\n').length - 1 }).toEqual({ code: 0, stderr: '', lines: count });
  });
});
