import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { DispatchClient } from '../../../src/client/dispatchClient.js';
import { runCli } from '../../support/runCli.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { dispatch, dispatchJson, serviceEnv, useCommandService } from './commandService.js';
import { expectRefusal } from './expectRefusal.js';

useCommandService();

const run = (...args: string[]) => runCli(args, serviceEnv());

/** Creates a group of three dispatches that run at 08:00 in Berlin. */
async function createGroup(microgridId: number, ...more: string[]) {
  const rule = ['-f', 'daily', '--by-hour', '8', '--time-zone', 'Europe/Berlin', '--until', '2031-11-30', ...more];
  const [{ group, dispatches }] = await dispatchJson(
    'create',
    `${microgridId}`,
    'CHARGE',
    '1',
    '2030-12-01',
    '1h',
    ...rule,
  );
  return { id: group.id as string, ids: dispatches.map(({ id }: { id: number }) => id) as number[] };
}

/** Deletes a dispatch as another program does. */
async function lose(microgridId: number, id: number): Promise<void> {
  const { DISPATCH_API_URL: address, ...env } = serviceEnv();
  const [authKey, signSecret] = [env.DISPATCH_API_AUTH_KEY, env.DISPATCH_API_SIGN_SECRET];
  await using client = new DispatchClient({ address, authKey, signSecret });
  await client.forMicrogrid(microgridId).delete(id);
}

describe.concurrent('a group of which a dispatch is missing', () => {
  it('is listed as incomplete, and check names what is missing', async () => {
    const { id, ids } = await createGroup(1);
    await createGroup(1);
    await lose(1, ids[1] ?? 0);
    const { stdout, stderr } = await run('list', '1', '--columns', 'id,state');
    expect(stdout).toContain(`${id}  incomplete (1 of 3 missing), starts in`);
    expect(stdout).toContain('0 dispatches, 2 groups, 0 filtered out.');
    expect(stderr).toBe(`note: Group ${id} is incomplete: 'dispatch check' names what is missing, and repairs it.\n`);
    expect((await run('get', '1', id)).stdout).toContain('incomplete (1 of 3 missing)');
    const { code, stdout: checked } = await run('check', '1', '--dry');
    expect(code).toBe(1);
    expect(checked).toContain('differ: one from 2031-03-30T06:00:00.000Z is missing');
    await dispatchJson('check', '1');
    expect((await run('list', '1')).stderr).toBe('');
  });

  it('is not listed as incomplete where filters leave out the others', async () => {
    const { ids } = await createGroup(2);
    const { stdout, stderr } = await run('list', '2', '--dispatch-ids', `${ids[0]}`, '--columns', 'id,state,start');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/starts in .* {2}2030-12-01 07:00:00 UTC\n/);
    expect(stdout).toContain('0 dispatches, 1 group, 0 filtered out.');
  });

  it('is repaired by a pause, a skip and an update, which announce it, also with --dry', async () => {
    const { id, ids } = await createGroup(3);
    await lose(3, ids[1] ?? 0);
    const missing = 'one from 2031-03-30T06:00:00.000Z is missing';
    const announced = `note: Group ${id} is not what its rule means (${missing}): this is repaired as well.\n`;
    for (const args of [
      ['pause', '3', id],
      ['skip', '3', id, '2031-04-10'],
      ['update', '3', id, '--duration', '2h'],
    ]) {
      const dry = await run(...args, '--dry');
      expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining(announced) });
      expect(await dispatchJson('list', '3')).toHaveLength(2);
    }
    expect((await run('pause', '3', id)).stderr).toBe(announced);
    expect((await dispatchJson('list', '3')).map(({ active }) => active)).toEqual([false, false, false]);
    expect((await run('resume', '3', id)).stderr).toBe('');
  });
});

describe.concurrent('an order of the list', () => {
  it('holds for the times that are shown, of groups too, and with filters and a limit', async () => {
    const { id, ids } = await createGroup(31);
    const own: number[] = [];
    for (const day of ['2030-11-20', '2030-12-01T06:59', '2030-12-05', '2031-06-01', '2031-12-01']) {
      const [created] = await dispatchJson('create', '31', 'CHARGE', '1', day, '1h');
      own.push(created.id);
    }
    const [a, b, c, d, e] = own.map(String);
    await dispatch('update', '31', `${c}`, '--active', 'false');
    const shown = async (...args: string[]) =>
      (await run('list', '31', '--columns', 'id,start', ...args)).stdout.split('\n').flatMap(line => {
        const [, name] = /^ *(\w+) {2}\d/.exec(line) ?? [];
        return name === undefined ? [] : [name];
      });
    expect(await shown('--sort', 'start-time')).toEqual([a, b, id, c, d, e]);
    expect(await shown('--sort', 'start-time', '--order', 'descending')).toEqual([e, d, c, id, b, a]);
    expect(await shown('--sort', 'start-time', '--limit', '3')).toEqual([a, b, id]);
    expect(await shown('--sort', 'start-time', '--start-from', '2030-12-02')).toEqual([id, c, d, e]);
    expect(await shown('--sort', 'start-time', '--recurring', 'false')).toEqual([a, b, c, d, e]);
    expect(await shown('--sort', 'create-time', '--limit', '2')).toEqual([id, a]);
    expect((await run('list', '31', '--sort', 'create-time', '--limit', '1')).stdout).toMatch(
      /\nThe first 1 group\.\n$/,
    );
    expect(await shown('--sort', 'create-time', '--order', 'descending')).toEqual([e, d, c, b, a, id]);
    expect(await shown('--sort', 'update-time')).toEqual([id, a, b, d, e, c]);
    await lose(31, ids[2] ?? 0);
    expect(await shown('--sort', 'start-time')).toEqual([a, b, id, c, d, e]);
  });
});

describe.concurrent('--dry', () => {
  it('shows a skip, a pause and a resumption, and changes nothing', async () => {
    const { id, ids } = await createGroup(4);
    const skip = await run('skip', '4', id, '2031-04-10', '--dry');
    expect(skip.stdout).toContain('Nothing was changed.');
    expect(skip.stdout).toContain('skipped');
    expect(await dispatch('pause', '4', id, '--dry')).toEqual([
      `Dispatches that would be paused: ${id} (${ids.join(', ')})`,
    ]);
    expect(await dispatchJson('pause', '4', id, '--dry')).toEqual([{ paused: id, dry: true }]);
    expectRefusal(await run('pause', '4', '999', '--dry'), 1, '999');
    const [shown] = await dispatchJson('get', '4', id);
    expect(shown.group.exceptions).toEqual([]);
    expect(shown.dispatches.map(({ active }: { active: boolean }) => active)).toEqual([true, true, true]);
  });
});

describe.concurrent('pause and resume', () => {
  it('tell what was so before, and once of a group that it is taken as a whole', async () => {
    const { id, ids } = await createGroup(32);
    const [own] = await dispatchJson('create', '32', 'CHARGE', '1', '2031-01-01', '1h');
    const whole = `${id} (${ids.join(', ')})`;
    expect(await dispatch('pause', '32', id)).toEqual([`Dispatches paused: ${whole}`]);
    expect(await dispatch('pause', '32', id, `${own.id}`)).toEqual([
      `Dispatches paused: ${own.id}`,
      `Inactive before: ${whole}`,
    ]);
    expect(await dispatch('pause', '32', `${own.id}`)).toEqual([`Inactive before: ${own.id}`]);
    const { stderr } = await run('resume', '32', ...ids.map(String));
    expect(stderr).toBe(`note: Dispatches ${ids.join(', ')} are part of group ${id}, which is taken as a whole.\n`);
    expect(await dispatch('resume', '32', id)).toEqual([`Active before: ${whole}`]);
  });
});

describe.concurrent('run-now', () => {
  it('runs a copy of a group, or of one of its dispatches', async () => {
    const { id, ids } = await createGroup(5, '--payload', '{"kw": 3}');
    const [copy] = await dispatchJson('run-now', '5', id);
    expect(copy).toMatchObject({
      type: 'CHARGE',
      durationMs: 3_600_000,
      recurrence: null,
      payload: { kw: 3, _copyOf: id },
    });
    expect(copy.payload._group).toBeUndefined();
    const other = await run('run-now', '5', `${ids[0]}`, '--duration', '10m', '--json');
    expect(JSON.parse(other.stdout)).toMatchObject({ durationMs: 600_000, payload: { kw: 3, _copyOf: ids[0] } });
    expectRefusal(await run('run-now', '5', 'g0000000f'), 1, 'group g0000000f does not exist in microgrid 5');
  });

  it('ends at a local time, of a group in its zone', async () => {
    const { id } = await createGroup(6);
    const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' });
    const [copy] = await dispatchJson('run-now', '6', id, '--to', '12:30');
    expect(local.format(Date.parse(copy.startTime) + copy.durationMs)).toBe('12:30');
    const [once] = await dispatchJson('create', '6', 'CHARGE', '1', '2031-01-01', '1h');
    const [own] = await dispatchJson('run-now', '6', `${once.id}`, '--to', '12:30', '--time-zone', 'Asia/Kolkata');
    const there = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kolkata', timeStyle: 'short' });
    expect(there.format(Date.parse(own.startTime) + own.durationMs)).toBe('12:30');
    expectRefusal(await run('run-now', '6', `${once.id}`, '--to', '12:30'), 2, '--to needs a --time-zone');
    expectRefusal(
      await run('run-now', '6', id, '--to', '12:30', '--duration', '1h'),
      2,
      'Give either --duration or --to',
    );
  });
});

describe.concurrent('what people read of a group', () => {
  it('is its rule in words, not its payload', async () => {
    const { id, ids } = await createGroup(7, '--payload', '{"kw": 3}');
    const { stdout } = await run('at', '7', '2030-12-24 07:30');
    expect(stdout).toContain(`{"kw":3} in group ${id} (1/3)`);
    const lines = await dispatch('get', '7', `${id}`);
    expect(lines.join('\n')).toContain('first run   Sun 2030-12-01 08:00:00 CET');
    await dispatch('skip', '7', id, '2031-04-10');
    const { stdout: audit } = await run('audit', '7');
    expect(audit).toContain(`group ${id} (1/3), every day at 08:00 Europe/Berlin`);
    for (const text of [stdout, audit, lines.join()]) expect(text).not.toContain('_group');
    expect((await dispatchJson('get', '7', id))[0].dispatches[0].payload._group.id).toBe(id);
    expect(ids).toHaveLength(3);
  });

  it('says what looks like the id of a group and is none', async () => {
    expectRefusal(await run('get', '8', 'g123'), 2, 'g123 is no id of a group: that is g and eight hexadecimal digits');
    expectRefusal(await run('skip', '8', 'gZ601d3a6'), 2, 'gZ601d3a6 is no id of a group');
    expectRefusal(await run('list', '8', '--dispatch-ids', 'g9601d3a6'), 2, 'g9601d3a6 is the id of a group');
    expectRefusal(await run('delete', '8', 'G9601D3A6'), 1, 'group g9601d3a6 does not exist in microgrid 8');
  });

  it('says that it stays inactive only of a group that was and is not to be otherwise', async () => {
    const { id } = await createGroup(21);
    const STAYS = 'It stays inactive: it does not run.';
    expect((await run('update', '21', id, '--active', 'false')).stderr).not.toContain(STAYS);
    expect((await run('update', '21', id, '--payload', '{"kw":5}', '--dry')).stderr).toContain(STAYS);
  });

  it('shows what another program keeps where a group would be', async () => {
    const { DISPATCH_API_URL: address, ...env } = serviceEnv();
    const [authKey, signSecret] = [env.DISPATCH_API_AUTH_KEY, env.DISPATCH_API_SIGN_SECRET];
    await using client = new DispatchClient({ address, authKey, signSecret });
    const plan = { type: 'A', startTime: 'NOW', selector: { ids: [1] }, payload: { _group: 5 } } as const;
    await client.create({ microgridId: 22, ...plan });
    expect((await dispatch('list', '22', '--columns', 'payload'))[1]).toContain('{"_group":5}');
  });

  it('says that an hour alone keeps the minute of the start', async () => {
    const told = 'note: The runs start at minute 30 of the hour, as the start time does: --by-minute sets another.\n';
    const plan = ['CHARGE', '1', '2031-01-01 08:30', '1h', '-f', 'daily', '--by-hour', '8'];
    expect((await run('create', '9', ...plan, '--dry')).stderr).toBe(told);
    expect((await run('create', '9', ...plan, '--by-minute', '30', '--dry')).stderr).toBe('');
    const zone = ['--time-zone', 'Europe/Berlin', '--until', '2031-03-01'];
    const created = await run('create', '9', ...plan, ...zone, '--json');
    const { group, dispatches } = JSON.parse(created.stdout);
    const update = ['-f', 'daily', '--by-hour', '9'];
    expect((await run('update', '9', group.id, ...update)).stderr).toContain(told);
    expect((await run('update', '9', `${dispatches[0].id}`, ...update, '--by-minute', '0')).stderr).not.toContain(
      'minute',
    );
    const [single] = await dispatchJson('create', '10', ...plan);
    expect((await run('update', '10', `${single.id}`, ...update)).stderr).toContain(told);
  });

  it('merges by type when --merge has no value', async () => {
    await dispatchJson('create', '11', 'CHARGE', '1', '2031-01-01', '3h');
    const [later] = await dispatchJson('create', '11', 'CHARGE', '2', '2031-01-01 01:00', '1h');
    const [merged, ...others] = await dispatchJson('at', '11', '2031-01-01 01:30', '--merge');
    expect([merged.id, others]).toEqual([later.id, []]);
    expect(await dispatchJson('at', '11', '2031-01-01 01:30', '--merge', 'type-and-selector')).toHaveLength(2);
    expect(await dispatchJson('simulate', '11', '2031-01-01', '2031-01-02', '--merge')).not.toHaveLength(0);
  });
});

describe.concurrent('an export', () => {
  it('prints a group whole of which some dispatches pass the filters, and says so', async () => {
    const { id, ids } = await createGroup(12);
    await dispatchJson('create', '12', 'CHARGE', '2', '2031-01-01', '1h');
    const { stdout, stderr, code } = await run('export', '12', '--start-to', '2031-03-01');
    expect(code).toBe(0);
    const printed = stdout.trimEnd().split('\n');
    expect(printed.map(line => JSON.parse(line).payload._group?.id)).toEqual([undefined, id, id, id]);
    expect(stderr).toBe(
      `note: Group ${id} is exported whole, with dispatches that do not pass the filters: ${ids.slice(1).join(', ')}.\n`,
    );
    const all = await run('export', '12');
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(all.stdout.trimEnd().split('\n')).toHaveLength(4);
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.jsonl');
    writeFileSync(file, stdout);
    await dispatchJson('import', '13', file);
    expect(await dispatchJson('check', '13')).toMatchObject([{ group: id, outcome: 'ok' }]);
  });
});

describe.concurrent('a change of the clock', () => {
  it('is told of a run of an imported calendar whose local end is another, and of a start that is skipped', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.ics');
    const event = (uid: string, ...lines: string[]) => [
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'SUMMARY:CHARGE',
      ...lines,
      'END:VEVENT',
    ];
    const nights = [
      'DTSTART;TZID=Europe/Berlin:20310328T220000',
      'DURATION:PT8H',
      'RRULE:FREQ=DAILY;UNTIL=20310403T000000Z',
    ];
    const gap = ['DTSTART;TZID=Europe/Berlin:20310330T023000', 'DURATION:PT1H'];
    const night = 'DTSTART;TZID=Europe/Berlin:20310329T220000';
    const events = [
      ...event('nights', ...nights),
      ...event('gap', ...gap),
      ...event('day', night, 'DURATION:P1D'),
      ...event('night', night, 'DURATION:PT8H'),
    ];
    const lines = ['BEGIN:VCALENDAR', ...events, 'END:VCALENDAR'];
    writeFileSync(file, `${lines.join('\r\n')}\r\n`);
    const { stdout, stderr, code } = await run('import', '14', file, '--target', 'BATTERY', '--dry');
    expect(stdout).toMatch(/event day: .* for 23h/);
    expect({ code, lines: stderr.trimEnd().split('\n') }).toEqual({
      code: 0,
      lines: [
        'note: event nights (1/2): The run of Sat 2031-03-29 22:00:00 CET ends at Sun 2031-03-30 07:00:00 CEST: the clock changes in it.',
        'note: event gap: 2031-03-30 02:30 does not exist in Europe/Berlin, where the clock goes forward over it: Sun 2031-03-30 03:30:00 CEST is taken.',
        'note: event night: The run of Sat 2031-03-29 22:00:00 CET ends at Sun 2031-03-30 07:00:00 CEST: the clock changes in it.',
      ],
    });
  });

  it('is told of a run that is alone', async () => {
    const zone = ['--time-zone', 'Europe/Berlin'];
    const night = ['2031-03-29T22:00', '8h', ...zone];
    const told =
      'note: The run of Sat 2031-03-29 22:00:00 CET ends at Sun 2031-03-30 07:00:00 CEST: the clock changes in it.\n';
    expect((await run('create', '16', 'CHARGE', '1', ...night, '--dry')).stderr).toBe(told);
    expect((await run('preview', ...night)).stderr).toBe(told);
    const [{ id }] = await dispatchJson('create', '16', 'CHARGE', '1', '2031-01-01', '8h');
    const update = ['update', '16', `${id}`, '--start-time', '2031-03-29T22:00', ...zone, '--dry'];
    expect((await run(...update)).stderr).toContain(told);
    const gap = await run('create', '16', 'CHARGE', '1', '2031-03-30T02:30', '--to', '03:15', ...zone);
    expect(gap.stdout).toMatch(/duration +45m/);
    expect(gap.stderr).toContain('ends at Sun 2031-03-30 04:15:00 CEST, not at 03:15: the clock goes forward then.\n');
  });

  it('is told of a start that the zone skips, or has twice', async () => {
    const start = (text: string) =>
      run('create', '15', 'CHARGE', '1', text, '1h', '--time-zone', 'Europe/Berlin', '--dry');
    expect((await start('2031-03-30 02:30')).stderr).toBe(
      'note: 2031-03-30 02:30 does not exist in Europe/Berlin, where the clock goes forward over it: Sun 2031-03-30 03:30:00 CEST is taken.\n',
    );
    expect((await start('2031-10-26 02:30')).stderr).toBe(
      'note: 2031-10-26 02:30 comes twice in Europe/Berlin, where the clock goes back over it: the first, Sun 2031-10-26 02:30:00 CEST, is taken.\n' +
        'note: The run of Sun 2031-10-26 02:30:00 CEST ends at Sun 2031-10-26 02:30:00 CET: the clock changes in it.\n',
    );
    for (const text of ['2031-03-30 01:59', '2031-03-30 03:00', '2031-10-26 01:59', '2031-10-26 03:00', '2031-07-01']) {
      expect((await start(text)).stderr).toBe('');
    }
    const [{ id }] = await dispatchJson('create', '15', 'CHARGE', '1', '2031-01-01', '1h');
    const update = await run('update', '15', `${id}`, '--start-time', '2031-03-30 02:30 Europe/Berlin', '--dry');
    expect(update.stderr).toContain('does not exist in Europe/Berlin');
    const preview = await run('preview', '2031-03-30 02:30', '1h', '--time-zone', 'Europe/Berlin');
    expect(preview.stderr).toContain('does not exist in Europe/Berlin');
  });
});
