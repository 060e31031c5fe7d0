import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { runCli } from '../../support/runCli.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { dispatch, dispatchJson, serviceEnv, useCommandService } from './commandService.js';
import { expectRefusal } from './expectRefusal.js';

useCommandService();

const IN_BERLIN = ['--time-zone', 'Europe/Berlin', '--until', '2031-11-30'];
const AT_8 = ['-f', 'daily', '--by-hour', '8', '--by-minute', '0'];

/** Creates a group of three dispatches that run at 08:00 in Berlin. */
async function createGroup(microgridId: number, ...more: string[]) {
  const args = ['create', `${microgridId}`, 'CHARGE', 'BATTERY', '2030-12-01', '1h', ...AT_8, ...IN_BERLIN, ...more];
  const [{ group, dispatches }] = await dispatchJson(...args);
  return { id: group.id as string, group, ids: dispatches.map(({ id }: { id: number }) => id) as number[], dispatches };
}

const run = (...args: string[]) => runCli(args, serviceEnv());

describe.concurrent('preview of a group', () => {
  it('shows its runs in its zone', async () => {
    const { id } = await createGroup(95, '--time-zone', 'Asia/Kolkata');
    const { stdout } = await run('preview', '--microgrid', '95', '--id', id, '-n', '1');
    expect(stdout).toContain('08:00:00 GMT+5:30');
    const elsewhere = await run('preview', '--microgrid', '95', '--id', id, '-n', '1', '--show-in', 'UTC');
    expect(elsewhere.stdout).not.toContain('GMT+5:30 ');
  });
});

describe.concurrent('a group', () => {
  const late = ['--by-hour', '5', '--time-zone', 'Europe/Berlin', '--until', '2031-01-30'];

  it('says that its first run is not at its start', async () => {
    const told = 'note: The first run starts at Mon 2030-12-02 05:00:00 CET, not at the start time.\n';
    const create = ['create', '96', 'A', '1', '2030-12-01 08:00', '1h', '-f', 'daily'];
    expect((await run(...create, ...late, '--dry')).stderr).toBe(told);
    const [{ group }] = await dispatchJson(...create, ...late.slice(2));
    const { stderr } = await run('update', '96', group.id, '-f', 'daily', '--by-hour', '5', '--dry');
    expect(stderr).toContain(told);
    await dispatchJson('update', '96', group.id, '-f', 'daily', '--by-hour', '5');
    for (const change of [
      ['--duration', '2h'],
      ['--until', '2031-01-20'],
      ['--payload', '{"kw": 1}'],
    ]) {
      expect((await run('update', '96', group.id, ...change, '--dry')).stderr).not.toContain('The first run starts');
    }
  });

  it('says that its runs overlap, as a dispatch does', async () => {
    const plan = ['preview', '2030-12-01 08:00', '30h', '-f', 'daily'];
    expect((await run(...plan)).stderr).toBe(
      'note: Runs overlap: the run of 2030-12-02 08:00:00 UTC begins before the one of 2030-12-01 08:00:00 UTC ends.\n',
    );
    expect((await run(...plan, ...late.slice(2))).stderr).toContain(
      'note: Runs overlap: the run of Mon 2030-12-02 08:00:00 CET begins before the one of Sun 2030-12-01 08:00:00 CET ends.\n',
    );
    expect((await run('preview', '2030-12-01 08:00', '24h', '-f', 'daily')).stderr).toBe('');
  });
});

describe.concurrent('create --time-zone', () => {
  it('makes a group of UTC rules, and reads times in the zone', async () => {
    const { id, group, dispatches } = await createGroup(70);
    expect(group).toEqual({
      id,
      zone: 'Europe/Berlin',
      rule: { frequency: 'DAILY', interval: 1, byHours: [8], byMinutes: [0] },
      startTime: '2030-11-30T23:00:00.000Z',
      until: '2031-11-30T22:59:59.000Z',
      durationMs: 3_600_000,
      toMinute: null,
      exceptions: [],
    });
    expect(dispatches.map(({ startTime }: { startTime: string }) => startTime)).toEqual([
      '2030-12-01T07:00:00.000Z',
      '2031-03-30T06:00:00.000Z',
      '2031-10-26T07:00:00.000Z',
    ]);
  });

  it('has its first run now when it begins now', async () => {
    const until = new Date(Date.now() + 300 * 24 * 3_600_000).toISOString();
    const args = ['CHARGE', '5', 'now', '1h', '-f', 'daily', '--time-zone', 'Europe/Berlin', '--until', until];
    const beforeMs = Date.now();
    const [{ dispatches }] = await dispatchJson('create', '90', ...args);
    const [{ startTime }] = dispatches;
    const afterMs = Date.parse(startTime) - beforeMs;
    expect(afterMs).toBeGreaterThan(0);
    expect(afterMs).toBeLessThan(60_000);
  });

  it('takes a run that begins now and ends at a local time', async () => {
    const [{ durationMs }] = await dispatchJson(
      'create',
      '91',
      'A',
      '1',
      'now',
      '--to',
      '12:00',
      '--time-zone',
      'Europe/Berlin',
    );
    expect(durationMs % 1000).toBe(0);
    expect(durationMs).toBeGreaterThan(0);
    expect(durationMs).toBeLessThanOrEqual(24 * 3_600_000);
  });

  it('gives a night in which the clock changes a dispatch of its own with --to', async () => {
    const plan = ['2031-03-28', ...IN_BERLIN, '-f', 'daily', '--by-hour', '22', '--by-minute', '0'];
    const { code, stdout, stderr } = await run(
      'create',
      '71',
      'A',
      '1',
      ...plan,
      '--to',
      '06:00',
      '--dry',
      '--until',
      '2031-04-02',
    );
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'note: The first run starts at Fri 2031-03-28 22:00:00 CET, not at the start time.\n' +
        'note: The run of Sat 2031-03-29 22:00:00 CET lasts 7h, not 8h.\n',
    });
    expect(stdout).toContain('Nothing was created.');
    const [{ dispatches }] = await dispatchJson('create', '71', 'A', '1', ...plan, '--to', '06:00');
    expect(dispatches.map(({ durationMs }: { durationMs: number }) => durationMs / 3_600_000)).toEqual([8, 7, 8, 9, 8]);
    const fixed = await run('preview', ...plan.slice(0, -2), '8h', '--by-minute', '0', '--runs', '3');
    expect(fixed.stderr).toContain(
      'The run of Sat 2031-03-29 22:00:00 CET ends at Sun 2031-03-30 07:00:00 CEST: the clock changes in it.',
    );
  });

  it('leaves out what is over, and refuses a group that is over', async () => {
    const { code, stderr } = await run(
      'create',
      '86',
      'A',
      '1',
      '2025-01-01',
      '1h',
      ...AT_8,
      ...IN_BERLIN.slice(0, 2),
      '--until',
      '2029-01-01',
      '--dry',
    );
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('runs before now are left out'),
    });
    const over = await run(
      'create',
      '86',
      'A',
      '1',
      '2025-01-01',
      '1h',
      ...AT_8,
      ...IN_BERLIN.slice(0, 2),
      '--until',
      '2025-06-01',
    );
    expectRefusal(over, 2, 'No run is to come: the end is in the past.');
  });

  it('tells of runs of two of its dispatches at once', async () => {
    const plan = [
      '2031-01-01',
      '2h',
      '-f',
      'weekly',
      '--by-weekday',
      'mon-sat',
      '--by-hour',
      '0,1',
      '--by-minute',
      '0',
    ];
    const { stderr } = await run('preview', ...plan, '--time-zone', 'Europe/Berlin', '--until', '2031-02-01');
    expect(stderr).toMatch(
      /^note: The run of Wed 2031-01-01 01:00:00 CET begins when, or before, that of another dispatch of the group ends: .*\n$/,
    );
  });

  it('keeps the duration of a run whose start the clock moves to its end', async () => {
    const plan = ['2031-03-29', ...IN_BERLIN, '-f', 'daily', '--by-hour', '2', '--by-minute', '0', '--to', '03:00'];
    const [{ dispatches }] = await dispatchJson('create', '92', 'A', '1', ...plan, '--until', '2031-04-01');
    for (const { durationMs } of dispatches) expect(durationMs).toBe(3_600_000);
    const [changed] = await dispatchJson('update', '92', dispatches[0].payload._group.id, '--to', '04:00');
    for (const { durationMs } of changed.dispatches) expect(durationMs % 3_600_000).toBe(0);
    expect(changed.group.toMinute).toBe(240);
  });

  it('keeps the last local day in another zone', async () => {
    const { id } = await createGroup(93);
    const [{ group }] = await dispatchJson('update', '93', id, '--time-zone', 'America/New_York');
    expect(group.until).toBe('2031-12-01T04:59:59.000Z');
  });

  it('does not show a run as one that is on which it has not', async () => {
    const past = new Date(Date.now() - 30 * 60_000).toISOString();
    const until = new Date(Date.now() + 300 * 24 * 3_600_000).toISOString();
    await run('create', '94', 'A', '1', past, '1h', '-f', 'daily', '--time-zone', 'Europe/Berlin', '--until', until);
    const { stdout } = await run('list', '94');
    expect(stdout).not.toContain('running');
    expect(stdout).toContain('starts in');
  });

  it('without a rule only reads the start in the zone', async () => {
    const [created] = await dispatchJson(
      'create',
      '72',
      'A',
      '1',
      '2031-07-01T08:00',
      '1h',
      '--time-zone',
      'Europe/Berlin',
    );
    expect(created).toMatchObject({ startTime: '2031-07-01T06:00:00.000Z', payload: {} });
  });

  it.each([
    ['a rule in local time needs an --until', ['1h', ...AT_8, '--time-zone', 'Europe/Berlin']],
    ['--count cannot be used', ['1h', ...AT_8, '--time-zone', 'Europe/Berlin', '--count', '3']],
    ['before the start of the rule', ['1h', ...AT_8, '--time-zone', 'Europe/Berlin', '--until', '2029-01-01']],
    ['needs a duration, or --to', [...AT_8, ...IN_BERLIN]],
    ['Give either a duration or --to', ['1h', ...AT_8, ...IN_BERLIN, '--to', '09:00']],
    ['--to needs a --time-zone', [...AT_8, '--to', '09:00']],
    ['--to needs a rule with one time of day', ['-f', 'daily', '--by-hour', '8,9', '--to', '10:00', ...IN_BERLIN]],
    ['It must be a time of day, such as 06:30', ['--to', '25:00']],
    ['such as Europe/Berlin', ['1h', ...AT_8, '--time-zone', 'CET', '--until', '2031-11-30']],
    ['at most five years after its start', ['1h', ...AT_8, '--time-zone', 'Europe/Berlin', '--until', '2037-01-01']],
    ['interval must divide a day', ['1h', '-f', 'hourly', '--interval', '5', ...IN_BERLIN]],
  ])('refuses: %s', async (message, args) => {
    const { code, stdout, stderr } = await run('create', '73', 'A', '1', '2030-12-01', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.toLowerCase()).toContain(message.toLowerCase());
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
  });
});

describe.concurrent('a group', () => {
  it('is one row of a list, and one result of get, by its id or that of a dispatch', async () => {
    const { id, ids } = await createGroup(74);
    const { stdout } = await run('list', '74', '--columns', 'id,start,duration,recurrence');
    expect(stdout.split('\n').slice(1)).toEqual([
      `${id}  2030-12-01 07:00:00 UTC  1h        every day at 08:00 Europe/Berlin, until Sun 2031-11-30 23:59:59 CET`,
      '0 dispatches, 1 group, 0 filtered out.',
      '',
    ]);
    expect(await dispatchJson('list', '74')).toHaveLength(3);
    const shown = await dispatchJson('get', '74', id);
    expect(await dispatchJson('get', '74', `${ids[1]}`, `${ids[2]}`)).toEqual(shown);
    expect((await run('get', '74', `${ids[0]}`)).stderr).toBe(
      `note: Dispatch ${ids[0]} is part of group ${id}, which is taken as a whole.\n`,
    );
    expectRefusal(await run('get', '74', 'g0000000f'), 1, 'group g0000000f does not exist in microgrid 74');
  });

  it('keeps ids where its time changes, and what the payload tells of it', async () => {
    const { id, ids } = await createGroup(75);
    const changes = ['-f', 'daily', '--by-hour', '9', '--by-minute', '30', '--payload', '{"kw": 7}'];
    const dry = await run('update', '75', id, ...changes, '--dry');
    expect(dry.stderr).toContain('It would create 0, update 3 and delete 0 dispatches.');
    const [{ group, dispatches }] = await dispatchJson('update', '75', id, ...changes);
    expect(group).toMatchObject({ until: '2031-11-30T22:59:59.000Z', rule: { byHours: [9], byMinutes: [30] } });
    expect(dispatches.map((found: { id: number }) => found.id)).toEqual(ids);
    for (const { payload } of dispatches)
      expect(payload).toMatchObject({ kw: 7, _group: { id, zone: 'Europe/Berlin' } });
    const [longer] = await dispatchJson('update', '75', id, '--until', '2032-06-01');
    expect(longer.dispatches).toHaveLength(4);
    const [elsewhere] = await dispatchJson('update', '75', id, '--time-zone', 'Asia/Kolkata');
    expect(elsewhere.dispatches).toHaveLength(1);
    expect(elsewhere.dispatches[0]).toMatchObject({ startTime: '2030-12-01T04:00:00.000Z' });
    expectRefusal(await run('update', '75', id, '--no-duration'), 1, 'A group needs a duration.');
  });

  it('is paused, resumed and deleted as one', async () => {
    const { id, ids } = await createGroup(76);
    expect(await dispatch('pause', '76', id)).toEqual([`Dispatches paused: ${id} (${ids.join(', ')})`]);
    expect((await dispatchJson('list', '76')).map(({ active }) => active)).toEqual([false, false, false]);
    expect(await dispatchJson('resume', '76', id)).toEqual([{ resumed: id }]);
    expect(await dispatchJson('delete', '76', `${ids[0]}`)).toEqual([{ deleted: id }]);
    expect(await dispatch('list', '76')).toEqual(['0 dispatches, 0 filtered out.']);
  });

  it('is previewed with the runs of all its dispatches', async () => {
    const { id } = await createGroup(77);
    const [shown] = await dispatchJson('preview', '--microgrid', '77', '--id', id, '--runs', '400');
    expect(shown.runs).toHaveLength(365);
    const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' });
    expect(new Set(shown.runs.map(({ startMs }: { startMs: number }) => local.format(startMs)))).toEqual(
      new Set(['08:00']),
    );
  });

  it('is repaired by check where another program has changed it', async () => {
    const { id, ids } = await createGroup(78);
    expect((await dispatch('check', '78'))[0]).toMatch(
      new RegExp(`^${id} every day at 08:00 Europe/Berlin, until .*: ok$`),
    );
    const { rpcClient } = await directClient();
    await rpcClient.forMicrogrid(78).delete(ids[0] ?? 0);
    await rpcClient.forMicrogrid(78).update(ids[1] ?? 0, { durationMs: 60_000 });
    rpcClient.close();
    const dry = await run('check', '78', '--dry');
    expect(dry.code).toBe(1);
    expect(dry.stdout).toContain(`one from 2030-12-01T07:00:00.000Z is missing, ${ids[1]} differs in durationMs`);
    const [repaired] = await dispatchJson('check', '78');
    expect(repaired).toMatchObject({ group: id, outcome: 'repaired' });
    expect(await dispatchJson('check', '78')).toMatchObject([{ group: id, outcome: 'ok' }]);
    expect(await dispatchJson('list', '78')).toHaveLength(3);
  });

  it('is imported from a calendar, once, and is what check expects', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.ics');
    const lines = [
      'BEGIN:VCALENDAR',
      'BEGIN:VEVENT',
      'UID:one@site',
      'DTSTART;TZID=Europe/Berlin:20301201T080000',
      'DURATION:PT1H',
      'SUMMARY:CHARGE',
      'RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20311130T000000Z',
      'EXDATE;TZID=Europe/Berlin:20301225T080000',
      'END:VEVENT',
      'END:VCALENDAR',
    ];
    writeFileSync(file, `${lines.join('\r\n')}\r\n`);
    await dispatchJson('import', '88', file, '--target', 'BATTERY');
    const [checked] = await dispatchJson('check', '88');
    expect(checked).toMatchObject({ zone: 'Europe/Berlin', outcome: 'ok' });
    const [shown] = await dispatchJson('get', '88', checked.group);
    expect(shown.group.exceptions).toEqual(['2030-12-25T07:00:00.000Z']);
    expect(shown.dispatches).toHaveLength(4);
    expect((await run('import', '88', file, '--target', 'BATTERY')).stdout).toContain('Nothing was created.');
    const [whole] = await dispatchJson('unskip', '88', checked.group);
    expect(whole.dispatches).toHaveLength(3);
  });

  it('in a zone that this Node.js does not know is listed by its dispatches', async () => {
    const _group = {
      id: 'g0000000e',
      zone: 'Mars/Base',
      rule: { frequency: 'DAILY', interval: 1 },
      start: '2030-01-01T00:00:00Z',
      until: '2031-01-01T00:00:00Z',
      durationSeconds: 60,
      part: '1/1',
    };
    const { rpcClient } = await directClient();
    const { id } = await rpcClient.create({
      microgridId: 87,
      type: 'CHARGE',
      selector: { ids: [1] },
      startTime: new Date('2030-01-01'),
      durationMs: 60_000,
      recurrence: { frequency: 'DAILY', interval: 1 },
      payload: { _group },
    });
    rpcClient.close();
    expect((await dispatch('list', '87', '--columns', 'id,recurrence'))[1]).toMatch(new RegExp(`^ *${id}  every day$`));
    const checked = await run('check', '87');
    expect(checked).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('g0000000e: cannot be evaluated: zone must be a time zone'),
    });
    expect(await dispatch('delete', '87', `g0000000e`)).toEqual([`Dispatches deleted: g0000000e (${id})`]);
  });

  it('that ends within 30 days is warned of', async () => {
    const soon = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
    const args = ['tomorrow', '1h', ...AT_8, '--time-zone', 'Europe/Berlin', '--until', soon];
    await dispatchJson('create', '79', 'CHARGE', '1', ...args);
    expect((await run('list', '79')).stderr).toMatch(
      /^note: Group g\w+ ends at .*: 'dispatch update' with --until prolongs it\.\n$/,
    );
    expect((await run('check', '79')).stderr).toContain('with --until prolongs it');
  });
});

async function directClient() {
  const { DispatchClient } = await import('../../../src/client/dispatchClient.js');
  const {
    DISPATCH_API_URL: address,
    DISPATCH_API_AUTH_KEY: authKey,
    DISPATCH_API_SIGN_SECRET: signSecret,
  } = serviceEnv();
  return { rpcClient: new DispatchClient({ address, authKey, signSecret }) };
}

describe.concurrent('skip and unskip', () => {
  const created = async (microgridId: number, ...more: string[]) => {
    const [{ id }] = await dispatchJson(
      'create',
      `${microgridId}`,
      'CHARGE',
      '1',
      '2030-12-20T08:00',
      '1h',
      '-f',
      'daily',
      ...more,
    );
    return `${id}`;
  };
  const runsOf = async (microgridId: number, id: string) => {
    const [{ runs }] = await dispatchJson('preview', '--microgrid', `${microgridId}`, '--id', id, '--runs', '20');
    return runs.map(({ startMs }: { startMs: number }) => new Date(startMs).toISOString().slice(5, 10));
  };

  it('move the start for the first run, and back', async () => {
    const id = await created(80, '--count', '3');
    const [skipped] = await dispatchJson('skip', '80', id);
    expect(skipped.dispatches.map((found: { id: number }) => `${found.id}`)).toEqual([id]);
    expect(await runsOf(80, id)).toEqual(['12-21', '12-22']);
    const [whole] = await dispatchJson('unskip', '80', id);
    expect(whole).toMatchObject({ startTime: '2030-12-20T08:00:00.000Z', payload: {}, recurrence: { count: 3 } });
    expect(await dispatchJson('list', '80')).toHaveLength(1);
  });

  it('cut a dispatch in two for another run; it counts toward the count', async () => {
    const id = await created(81, '--count', '6');
    await dispatchJson('skip', '81', id, '2030-12-22');
    expect(await runsOf(81, id)).toEqual(['12-20', '12-21', '12-23', '12-24', '12-25']);
    await dispatchJson('skip', '81', id, '2030-12-25 08:00');
    expect(await runsOf(81, id)).toEqual(['12-20', '12-21', '12-23', '12-24']);
    const again = await run('skip', '81', id, '2030-12-25');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('error: The run of Wed 2030-12-25 08:00:00 UTC is skipped already.');
    const several = await run('unskip', '81', id);
    expect(several.code).toBe(1);
    expect(several.stderr).toContain(
      'Give one of the runs that are skipped: Sun 2030-12-22 08:00:00 UTC, Wed 2030-12-25 08:00:00 UTC.',
    );
    await dispatchJson('unskip', '81', id, '2030-12-22');
    const [whole] = await dispatchJson('unskip', '81', id);
    expect(whole).toMatchObject({ payload: {}, recurrence: { frequency: 'DAILY', count: 6 } });
    expect(await runsOf(81, id)).toHaveLength(6);
    expect(await dispatchJson('list', '81')).toHaveLength(1);
  });

  it('skip a holiday of a group, which moves with its time', async () => {
    const { id } = await createGroup(82);
    await dispatchJson('skip', '82', id, '2030-12-25');
    const [moved] = await dispatchJson('update', '82', id, '-f', 'daily', '--by-hour', '7', '--by-minute', '15');
    expect(moved.group.exceptions).toEqual(['2030-12-25T06:15:00.000Z']);
    const [shown] = await dispatchJson('preview', '--microgrid', '82', '--id', id, '--runs', '400');
    expect(shown.runs).toHaveLength(364);
  });

  it('skip runs that move with the time of a dispatch, and name those that cannot', async () => {
    const id = await created(86);
    for (const day of ['2030-12-22', '2030-12-25']) await dispatchJson('skip', '86', id, day);
    const [moved] = await dispatchJson('update', '86', id, '-f', 'daily', '--by-hour', '9');
    expect(moved.group.exceptions).toEqual(['2030-12-22T09:00:00.000Z', '2030-12-25T09:00:00.000Z']);
    expect((await runsOf(86, id)).slice(0, 5)).toEqual(['12-20', '12-21', '12-23', '12-24', '12-26']);
    const later = await run('update', '86', id, '--start-time', '2030-12-24T09:00');
    expect((await dispatchJson('get', '86', id))[0].group.exceptions).toEqual(['2030-12-25T09:00:00.000Z']);
    const lost = (time: string) =>
      `The run of ${time} was skipped, and has none in its place now: it does not count as skipped any more.`;
    expect(later.stderr).toContain(`note: ${lost('Sun 2030-12-22 09:00:00 UTC')}\n`);
    const weekly = ['update', '86', id, '-f', 'weekly', '--by-weekday', 'mon', '--by-hour', '9'];
    const dry = await run(...weekly, '--dry');
    expect(dry.stderr).toContain(`note: ${lost('Wed 2030-12-25 09:00:00 UTC')}\n`);
    expect(await dispatchJson('list', '86')).toHaveLength(2);
    const [changed] = await dispatchJson(...weekly);
    expect(changed).toMatchObject({ payload: {}, recurrence: { frequency: 'WEEKLY' } });
    expect(await dispatchJson('list', '86')).toHaveLength(1);
  });

  it('refuse a rule of which all runs would be skipped', async () => {
    const id = await created(87, '--count', '2');
    const [{ group }] = await dispatchJson('skip', '87', id);
    const args = ['update', '87', group.id, '-f', 'daily', '--count', '1', '--by-hour', '9'];
    expectRefusal(await run(...args), 2, 'would be skipped: pause or delete it.');
  });

  it.each([
    ['No run starts on the day that begins at Wed 2030-11-20 00:00:00 UTC', ['2030-11-20'], ['--count', '3']],
    ['It is the only run: pause or delete the dispatch.', [], ['--count', '1']],
    ['Several runs start on the day', ['2030-12-21'], ['--by-hour', '8,9']],
  ])('refuse: %s', async (message, args, rule) => {
    const id = await created(83, ...rule);
    expectRefusal(await run('skip', '83', id, ...args), 1, message);
  });

  it('refuse a run that is on, a single run, and to undo nothing', async () => {
    const [running] = await dispatchJson('create', '84', 'CHARGE', '1', 'now', '1h', '-f', 'daily');
    const start = running.startTime.slice(0, 19);
    expectRefusal(await run('skip', '84', `${running.id}`, start), 1, 'is on: use pause');
    const [once] = await dispatchJson('create', '84', 'CHARGE', '1', '2030-12-20T08:00', '1h');
    expectRefusal(await run('skip', '84', `${once.id}`), 1, 'runs once: pause or delete it');
    expectRefusal(await run('unskip', '84', `${running.id}`), 1, 'No run that is to come is skipped.');
  });

  it('skip the next run of a dispatch that is running, which goes on', async () => {
    const [running] = await dispatchJson('create', '85', 'CHARGE', '1', 'now', '1h', '-f', 'daily');
    const { stderr } = await run('skip', '85', `${running.id}`, '--dry');
    expect(stderr).toBe('note: It is running, and is reconfigured by this.\n');
    const [skipped] = await dispatchJson('skip', '85', `${running.id}`);
    expect(skipped.dispatches).toHaveLength(2);
    const listed = await dispatchJson('list', '85', '--running');
    expect(listed.map(({ id }) => id)).toEqual([running.id]);
    const states = async (...args: string[]) =>
      (await run('list', '85', '--columns', 'id,state', ...args)).stdout.split('\n').slice(0, -2);
    const row = expect.stringMatching(`${skipped.group.id}  running for`);
    expect(await states()).toEqual([expect.anything(), row]);
    expect(await states('--running', 'true')).toEqual([expect.anything(), row]);
    expect(await states('--running', 'false')).toEqual([]);
    expect(await states('--start-from', 'tomorrow')).toEqual([expect.anything(), row]);
  });
});
