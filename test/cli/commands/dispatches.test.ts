import { describe, expect, it } from 'vitest';
import { runCli } from '../../support/runCli.js';
import { createdIn, dispatch, dispatchJson, serviceEnv, useCommandService } from './commandService.js';

useCommandService();

describe.concurrent('create, get, update and delete', () => {
  it('tell all about a dispatch, in words', async () => {
    await createdIn(10, 'OTHER', '1', 'in 1 hour');
    const rule = ['-f', 'weekly', '--by-weekday', 'mon,fri', '--until', '2099-12-31'];
    const payload = ['--payload', '{"power_kw": 5}'];
    const made = await dispatch(
      'create',
      '10',
      'CHARGE',
      'BATTERY,pv',
      '2099-01-02T08:00',
      '1h30m',
      ...rule,
      ...payload,
    );
    const text = made.join('\n');
    expect(made[0]).toMatch(/^\d+ CHARGE {2}starts in \d+y \d+d$/);
    expect(text).toMatch(/target +BATTERY, INVERTER:PV/);
    expect(text).toMatch(/start +2099-01-02 08:00:00 UTC/);
    expect(text).toMatch(/duration +1h 30m/);
    expect(text).toMatch(/recurrence +every week on Monday and Friday, until 2099-12-31 23:59:59 UTC/);
    expect(text).toMatch(/next run +2099-01-02 08:00:00 UTC, in \d+y \d+d/);
    expect(text).toMatch(/payload +{"power_kw":5}/);
    expect(made.at(-1)).toBe('Dispatch created.');

    const id = String(made[0]?.split(' ')[0]);
    const changed = await dispatch('update', '10', id, '--no-duration', '--no-recurrence', '-a', 'false', '-t', '4,7');
    expect(changed[0]).toBe(`${id} CHARGE  inactive`);
    expect(changed.join('\n')).toMatch(/target +4, 7\n.*\n +duration +no end\n +recurrence +once/);
    expect(changed.at(-1)).toBe('Dispatch updated.');

    expect(await dispatch('get', '10', id)).toEqual(changed.slice(0, -1));
    expect(await dispatch('delete', '10', id)).toEqual([`Dispatches deleted: ${id}`]);
  });

  it('starts at once, and only for show, when told so', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const created = await createdIn(11, 'CHARGE', '5', 'now', '-d', 'true');
    expect(created).toMatchObject({
      type: 'CHARGE',
      selector: { ids: [5] },
      durationMs: null,
      dryRun: true,
      active: true,
    });
    expect(Date.parse(created.startTime)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(created.startTime)).toBeLessThanOrEqual(Date.now());
  });

  it('takes global options before and after the name', async () => {
    const options = ['--url', serviceEnv().DISPATCH_API_URL, '--auth-key', 'the-auth-key'];
    const result = await runCli([...options, 'list', '12', '--sign-secret', 'the-sign-secret']);
    expect(result).toEqual({ code: 0, stdout: '0 dispatches, 0 filtered out.\n', stderr: '' });
  });

  it('tell each field that is wrong in a line, with --json as an object', async () => {
    await createdIn(15, 'A', '1', 'in 1 hour');
    const create = ['create', '15', 'x'.repeat(300), 'BATTERY', '2020-01-01'];
    const [text, json] = await Promise.all([runCli(create, serviceEnv()), runCli([...create, '--json'], serviceEnv())]);
    expect(text.stderr.trimEnd().split('\n')).toEqual([
      'error: INVALID_ARGUMENT: the request is invalid',
      expect.stringMatching(/^- dispatch_data\.type: /),
      expect.stringMatching(/^- dispatch_data\.start_time: /),
    ]);
    const { error } = JSON.parse(json.stderr);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', microgridId: 15, field: 'dispatch_data.type' });
    expect(error.violations).toHaveLength(2);
    expect([text.code, json.code, text.stdout + json.stdout]).toEqual([3, 3, '']);
  });

  it('go on after an id that fails, and end with 1', async () => {
    const ids = [];
    for (let i = 0; i < 2; i++) ids.push((await createdIn(13, 'CHARGE', '1', 'in 1 hour')).id);
    const [first, second] = ids;
    const missing = second + 1_000;

    const got = await runCli(['get', '13', `${first},${second}`, `${missing}`, '--json'], serviceEnv());
    expect(
      got.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).id),
    ).toEqual(ids);
    const errors = got.stderr
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).error);
    expect(errors).toMatchObject([{ code: 'NOT_FOUND', dispatchId: missing }, { message: 'Some gets failed.' }]);
    expect(got.code).toBe(1);

    const deleted = await runCli(['delete', '13', `${first}`, `${second},${missing}`], serviceEnv());
    expect(deleted.stdout).toBe(`Dispatches deleted: ${first}, ${second}\n`);
    expect(deleted.stderr).toMatch(/^Failed to delete \d+: .*\nerror: Some deletions failed\.\n$/);
    expect(deleted.code).toBe(1);

    const again = await runCli(['delete', '13', `${first}`, `${second}`], serviceEnv());
    expect(again.stderr).toMatch(/\nerror: All deletions failed\.\n$/);
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 1, stdout: '' });
  });
});

describe.concurrent('list', () => {
  it('filters in the service and by itself, and counts', async () => {
    const [running, planned, other] = await Promise.all([
      createdIn(20, 'CHARGE', 'BATTERY', 'now', '1h'),
      createdIn(20, 'CHARGE', 'PV', '2099-01-01', '1h', '-f', 'daily'),
      createdIn(20, 'COOL', 'HVAC', '2099-01-02', '1h', '-a', 'false'),
    ]);

    const lines = await dispatch('list', '20', '--running', '--type', 'CHARGE');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/CHARGE +running for .* more +\S+ \S+ UTC +1h +BATTERY +once +{}$/);
    expect(lines[2]).toBe('1 dispatch, 2 filtered out.');

    const idsOf = async (...filters: string[]) =>
      (await dispatchJson('list', '20', '--sort', 'start-time', '--order', 'ascending', ...filters)).map(
        ({ id }) => id,
      );
    expect(await idsOf()).toEqual([running.id, planned.id, other.id]);
    expect(await idsOf('-t', 'INVERTER:PV', '-t', 'hvac', '--start-from', '2098-01-01')).toEqual([
      planned.id,
      other.id,
    ]);
    expect(await idsOf('--active', 'true', '--recurring', 'true', '--dry-run', 'false')).toEqual([planned.id]);
    expect(await idsOf('--filter-queries', 'COO', '--filter-queries', `#${running.id}`, '--page-size', '1')).toEqual([
      running.id,
      other.id,
    ]);
    const times = [
      '--start-to',
      '2099-01-01',
      '--end-from',
      'now',
      '--end-to',
      'in 2 hours',
      '--update-from',
      '1 hour ago',
    ];
    expect(await idsOf(...times, '--update-to', 'in 1 hour', '--dispatch-ids', `${running.id},${other.id}`)).toEqual([
      running.id,
    ]);
  });
});
