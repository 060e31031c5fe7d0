import { describe, expect, it } from 'vitest';
import { runCli } from '../../support/runCli.js';
import { createdIn, dispatch, dispatchJson, serviceEnv, useCommandService } from './commandService.js';
import { expectRefusal } from './expectRefusal.js';

useCommandService();

// The behaviours L5 to L9 that the tests of the Python command define; L1 to L4 are in serviceAccess.test.ts, L10 in input.test.ts.

const hourMs = 3_600_000;
const secondsFromNow = (text: string) => Math.abs(Date.parse(text) - Date.now()) / 1000;

describe.concurrent('L5: list --type', () => {
  it('prints the dispatches of the type', async () => {
    await createdIn(105, 'A', '1', 'in 1 hour');
    expect((await dispatch('list', '105', '--type', 'A')).at(-1)).toBe('1 dispatch, 0 filtered out.');
  });

  it('prints none of an empty microgrid', async () => {
    expect(await dispatch('list', '106', '--type', 'A')).toEqual(['0 dispatches, 0 filtered out.']);
  });

  it('prints none of another microgrid', async () => {
    await createdIn(107, 'A', '1', 'in 1 hour');
    expect(await dispatch('list', '108', '--type', 'A')).toEqual(['0 dispatches, 0 filtered out.']);
  });

  it('prints those of the microgrid alone when there are several', async () => {
    const [own] = [await createdIn(109, 'A', '1', 'in 1 hour'), await createdIn(110, 'A', '1', 'in 1 hour')];
    expect(await dispatchJson('list', '109', '--type', 'A')).toEqual([own]);
  });

  it('refuses a microgrid that is no integer', async () => {
    expectRefusal(await runCli(['list', 'x', '--type', 'A'], serviceEnv()), 2, 'It must be an id: an integer');
  });

  it('counts other types as filtered out', async () => {
    for (const type of ['A', 'AB']) await createdIn(111, type, '1', 'in 1 hour');
    expect((await dispatch('list', '111', '--type', 'A')).at(-1)).toBe('1 dispatch, 1 filtered out.');
  });
});

describe.concurrent('L6: create', () => {
  it('takes a category, a time and a duration in words, and --active False', async () => {
    const created = await createdIn(120, 'A', 'BATTERY', 'in 1 hour', '1h', '--active', 'False');
    expect(created).toMatchObject({
      selector: { categories: [{ category: 'BATTERY' }] },
      durationMs: hourMs,
      active: false,
      dryRun: false,
    });
    expect(Math.abs(secondsFromNow(created.startTime) - 3600)).toBeLessThan(2);
  });

  it('takes component ids and --dry-run true', async () => {
    const created = await createdIn(121, 'A', '1,2,3', 'in 2 hours', '1 hour', '--dry-run', 'true');
    expect(created).toMatchObject({ selector: { ids: [1, 2, 3] }, durationMs: hourMs, dryRun: true, active: true });
    expect(Math.abs(secondsFromNow(created.startTime) - 7200)).toBeLessThan(2);
  });

  it('refuses an id that is no integer, and creates nothing', async () => {
    expectRefusal(await runCli(['create', 'x', 'A', '1', 'in 1 hour', '1h'], serviceEnv()), 2, 'It must be an id');
    expectRefusal(await runCli(['create', '122', 'A', '1,x', 'in 1 hour', '1h'], serviceEnv()), 2, "'x' is neither");
    expect(await dispatch('list', '122')).toEqual(['0 dispatches, 0 filtered out.']);
  });

  it('takes every part of a rule, weekdays in any case', async () => {
    const days = ['monday', 'TUESDAY', 'Wednesday'].flatMap(day => ['--by-weekday', day]);
    const created = await createdIn(
      123,
      ...['A', 'BATTERY', 'in 1 hour', '1h', '--frequency', 'hourly', '--interval', '5', '--count', '10'],
      ...['--by-minute', '0', '--by-minute', '30', '--by-hour', '5', ...days],
      ...['--by-monthday', '15', '--by-monthday', '16', '--by-monthday', '17'],
    );
    expect(created.recurrence).toEqual({
      frequency: 'HOURLY',
      interval: 5,
      count: 10,
      byMinutes: [0, 30],
      byHours: [5],
      byWeekdays: ['MONDAY', 'TUESDAY', 'WEDNESDAY'],
      byMonthDays: [15, 16, 17],
    });
  });

  it('takes the end of a rule in words', async () => {
    const { recurrence } = await createdIn(
      124,
      ...['A', '50', 'in 1 hour', '1h', '--frequency', 'daily', '--until', 'in 24h'],
    );
    expect(recurrence).toMatchObject({ frequency: 'DAILY', interval: 1 });
    expect(Math.abs((recurrence.untilMs - Date.now()) / 1000 - 86_400)).toBeLessThan(2);
  });

  it('takes "now" for the time when the service receives it', async () => {
    expect(secondsFromNow((await createdIn(125, 'A', '50', 'now', '1h')).startTime)).toBeLessThan(2);
  });
});

describe.concurrent('L7: update', () => {
  const updated = async (microgridId: number, ...args: string[]) => {
    const { id } = await createdIn(microgridId, 'A', '1', 'in 1 hour', '1h');
    const [changed] = await dispatchJson('update', `${microgridId}`, `${id}`, ...args);
    expect(await dispatchJson('get', `${microgridId}`, `${id}`)).toEqual([changed]);
    return changed;
  };

  it('takes a duration in seconds', async () => {
    expect(await updated(130, '--duration', '7200')).toMatchObject({ durationMs: 2 * hourMs, active: true });
  });

  it('takes --active False', async () => {
    expect(await updated(131, '--active', 'False')).toMatchObject({ active: false, durationMs: hourMs });
  });

  it('takes categories with spaces between them', async () => {
    expect((await updated(132, '--target', 'BATTERY, EV_CHARGER, CHP')).selector).toEqual({
      categories: [{ category: 'BATTERY' }, { category: 'EV_CHARGER' }, { category: 'CHP' }],
    });
  });

  it('takes ids, a rule and a payload together', async () => {
    const rule = ['--frequency', 'daily', '--interval', '5', '--count', '10', '--by-hour', '5', '--by-minute', '0'];
    const changed = await updated(133, '--target', '400, 401', ...rule, '--payload', '{"key": "value"}');
    expect(changed).toMatchObject({
      selector: { ids: [400, 401] },
      recurrence: { frequency: 'DAILY', interval: 5, count: 10, byHours: [5], byMinutes: [0] },
      payload: { key: 'value' },
    });
  });

  it('refuses a duration that is none', async () => {
    const update = ['update', '1', '1', '--duration', 'foo'];
    expectRefusal(await runCli(update, serviceEnv()), 2, 'Could not parse the duration');
  });
});

describe.concurrent('L8: get', () => {
  it('prints a dispatch', async () => {
    const created = await createdIn(140, 'A', '1', 'in 1 hour');
    expect(await dispatchJson('get', '140', `${created.id}`)).toEqual([created]);
  });

  it('ends with 1 for an unknown id', async () => {
    expectRefusal(await runCli(['get', '141', '999999'], serviceEnv()), 1, 'has no dispatch 999999');
  });

  it('refuses an id that is no integer', async () => {
    expectRefusal(await runCli(['get', '141', 'x'], serviceEnv()), 2, 'It must be an id');
  });
});

describe.concurrent('L9: delete', () => {
  it('deletes a dispatch and says so', async () => {
    const { id } = await createdIn(150, 'A', '1', 'in 1 hour');
    expect(await dispatch('delete', '150', `${id}`)).toEqual([`Dispatches deleted: ${id}`]);
    expect(await dispatch('list', '150')).toEqual(['0 dispatches, 0 filtered out.']);
  });

  it('ends with 1 for an unknown id', async () => {
    expectRefusal(await runCli(['delete', '151', '999999'], serviceEnv()), 1, 'has no dispatch 999999');
  });

  it('refuses an id that is no integer', async () => {
    expectRefusal(await runCli(['delete', '151', 'x'], serviceEnv()), 2, 'It must be an id');
  });
});
