import { describe, expect, it } from 'vitest';
import { ListMicrogridDispatchesResponse } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { encodeDispatch } from '../../../src/wire/dispatchCodec.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';
import { runCli } from '../../support/runCli.js';
import { scriptedService } from '../../support/scriptedService.js';
import { createdIn, dispatch, dispatchJson, serviceEnv, useCommandService } from './commandService.js';
import { expectRefusal } from './expectRefusal.js';

useCommandService();

const stateOf = async (microgridId: number) =>
  Object.fromEntries((await dispatchJson('list', `${microgridId}`)).map(({ id, active }) => [id, active]));

describe.concurrent('preview', () => {
  it('shows the next runs of a plan in UTC and in a zone, and what may surprise, without a service', async () => {
    const plan = ['2030-01-31T12:00', '30m', '-f', 'monthly', '--show-in', 'Europe/Berlin', '--runs', '3'];
    const { code, stdout, stderr } = await runCli(['preview', ...plan]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'note: Months without day 31 are skipped; -1 is the last day of each month.\n',
    });
    expect(stdout.split('\n')).toEqual([
      'every month, for 30m',
      '  2030-01-31 12:00:00 UTC   Thu 2030-01-31 13:00:00 CET   until Thu 2030-01-31 13:30:00 CET',
      '  2030-03-31 12:00:00 UTC   Sun 2030-03-31 14:00:00 CEST   until Sun 2030-03-31 14:30:00 CEST',
      '  2030-05-31 12:00:00 UTC   Fri 2030-05-31 14:00:00 CEST   until Fri 2030-05-31 14:30:00 CEST',
      '',
    ]);
  });

  it('shows the runs of a dispatch, and none of one that is over', async () => {
    const { id } = await createdIn(50, 'CHARGE', '1', '2030-01-01T00:00', '1h', '-f', 'daily', '--count', '2');
    const [shown] = await dispatchJson('preview', '--microgrid', '50', '--id', `${id}`);
    expect(shown.runs).toEqual(
      [0, 24].map(hours => {
        const startMs = Date.parse('2030-01-01T00:00Z') + hours * 3_600_000;
        return { startMs, endMs: startMs + 3_600_000 };
      }),
    );
    expect((await runCli(['preview', '2020-01-01', '1h'])).stdout).toContain('No run is to come.');
  });

  it('wants a start or a dispatch', async () => {
    expectRefusal(await runCli(['preview']), 2, 'Give either a start time, or --microgrid and --id.');
    expectRefusal(await runCli(['preview', 'now', '--time-zone', 'CET']), 2, 'such as Europe/Berlin');
  });
});

describe.concurrent('create and update', () => {
  it('show what they would do and what may surprise, and do nothing with --dry', async () => {
    const rule = ['-f', 'daily', '--by-hour', '8'];
    const planned = await runCli(
      ['create', '51', 'CHARGE', '1', '2030-01-01T10:00', '1h', ...rule, '--dry'],
      serviceEnv(),
    );
    expect(planned.stderr).toBe('note: The first run starts at 2030-01-02 08:00:00 UTC, not at the start time.\n');
    expect(planned.stdout).toMatch(/^CHARGE {2}.*\nNothing was created\.\n$/s);
    expect(await dispatch('list', '51')).toEqual(['0 dispatches, 0 filtered out.']);

    const { code, stdout, stderr } = await runCli(
      ['create', '51', 'CHARGE', '1', '2030-01-01T10:00', '0'],
      serviceEnv(),
    );
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: [
        'note: Its runs end at the moment when they start: the duration is 0.',
        'note: It is the first dispatch of microgrid 51.',
        '',
      ].join('\n'),
    });
    const id = /^\d+/.exec(stdout)?.[0] ?? '';
    await dispatchJson('update', '51', id, '--active', 'false');
    const dry = await runCli(['update', '51', id, '--duration', '1h', '--dry'], serviceEnv());
    expect(dry.stdout).toContain('Nothing was changed.');
    expect(dry.stderr).toBe('note: It stays inactive: it does not run.\n');
    expect((await dispatchJson('get', '51', id))[0].durationMs).toBe(0);
  });

  it('tell with --json on stderr, in lines of JSON, what may surprise', async () => {
    const never = [
      'create',
      '1',
      'A',
      '1',
      '2030-01-01',
      '1h',
      '-f',
      'yearly',
      '--by-month',
      '2',
      '--by-monthday',
      '30',
    ];
    const { code, stdout, stderr } = await runCli([...never, '--dry', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'A' });
    expect(JSON.parse(stderr)).toEqual({ note: 'It never runs: the rule reaches no time before it ends.' });
  });

  it('tell what an update does to the run that is on, before it is made', async () => {
    const { id } = await createdIn(54, 'CHARGE', '1', 'now', '1h');
    const update = async (...changes: string[]) =>
      (await runCli(['update', '54', `${id}`, ...changes], serviceEnv())).stderr;
    const STOPPED = 'note: It is running, and is stopped by this.\n';
    expect(await update('--start-time', 'in 1 hour', '--dry')).toBe(STOPPED);
    expect(await update('--active', 'false', '--dry')).toContain(STOPPED);
    expect(await update('--payload', '{"kw":5}', '--dry')).toBe('note: It is running, and is reconfigured by this.\n');
    expect(await update('--duration', '1h')).toBe('');
    expect(await update('--start-time', 'in 1 hour')).toBe(STOPPED);
    expect(await update('--start-time', 'in 2 hours')).toBe('');
  });

  it('end with 1 when a service stores something else than was asked', async () => {
    const stored = dispatchRecord({ id: 5, durationMs: 60_000, payload: {} });
    await using service = await scriptedService({
      async listMicrogridDispatches() {
        return ListMicrogridDispatchesResponse.create({ dispatches: [encodeDispatch(stored)] });
      },
      async createMicrogridDispatch() {
        return { dispatch: encodeDispatch(stored) };
      },
    });
    const args = ['create', '1', 'CHARGE', '1', 'now', '30m', '--payload', '{"kw": 5}', '--url', service.address];
    const { code, stderr } = await runCli(args);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: The service stored another duration, target, payload for dispatch 5 than was asked.\n',
    });
  });
});

describe.concurrent('pause and resume', () => {
  it('change single dispatches', async () => {
    const { id } = await createdIn(52, 'CHARGE', '1', 'in 1 hour');
    expect(await dispatch('pause', '52', `${id}`, '--note', 'repair')).toEqual([`Dispatches paused: ${id}`]);
    expect(await stateOf(52)).toEqual({ [id]: false });
    expect(await dispatchJson('resume', '52', `${id}`)).toEqual([{ resumed: id }]);
    expect(await stateOf(52)).toEqual({ [id]: true });
  });

  it('of a type leave alone what was made inactive in another way', async () => {
    const ids = [];
    for (const type of ['CHARGE', 'CHARGE', 'CHARGE', 'DISCHARGE'])
      ids.push((await createdIn(53, type, '1', 'in 1 hour')).id);
    const [first, second, third, other] = ids;
    await dispatch('update', '53', `${third}`, '--active', 'false');
    expect(await dispatch('pause', '53', '--type', 'CHARGE')).toEqual([expect.stringContaining(`${first}`)]);
    expect(await stateOf(53)).toEqual({ [first]: false, [second]: false, [third]: false, [other]: true });
    // Paused, and then changed in another way: not for the pause alone.
    await dispatchJson('update', '53', `${second}`, '--duration', '1h');
    expect(await dispatch('resume', '53', '--type', 'CHARGE')).toEqual([`Dispatches resumed: ${first}`]);
    expect(await stateOf(53)).toEqual({ [first]: true, [second]: false, [third]: false, [other]: true });
    expect(await dispatch('resume', '53', '--type', 'CHARGE')).toEqual(['Nothing was resumed.']);
  });

  it('of a type want ids where there is no audit', async () => {
    const stored = dispatchRecord({ id: 5, type: 'CHARGE', active: false });
    await using service = await scriptedService({
      async listMicrogridDispatches() {
        return ListMicrogridDispatchesResponse.create({ dispatches: [encodeDispatch(stored)] });
      },
    });
    const resumed = await runCli(['resume', '1', '--type', 'CHARGE', '--url', service.address]);
    expectRefusal(resumed, 1, 'Inactive ones of type CHARGE: 5. Give the ids of those to resume.');
  });

  it('want ids or a type', async () => {
    for (const args of [[], ['1', '--type', 'A']]) {
      expectRefusal(await runCli(['pause', '1', ...args]), 2, 'Give either dispatch ids or --type.');
    }
  });
});

describe.concurrent('run-now', () => {
  it('creates a copy that runs once, now', async () => {
    const rule = ['-f', 'daily', '-p', '{"kw": 5}'];
    const { id } = await createdIn(54, 'CHARGE', 'BATTERY', 'in 1 hour', '30m', ...rule);
    const [copy] = await dispatchJson('run-now', '54', `${id}`, '--duration', '10m');
    expect(copy).toMatchObject({
      type: 'CHARGE',
      durationMs: 600_000,
      recurrence: null,
      payload: { kw: 5, _copyOf: id },
    });
    expect(Math.abs(Date.parse(copy.startTime ?? copy.startTimeMs) - Date.now())).toBeLessThan(60_000);
    expect((await dispatchJson('get', '54', `${id}`))[0]).toMatchObject({
      active: true,
      recurrence: { frequency: 'DAILY' },
    });
  });
});

describe.concurrent('overlaps and at', () => {
  it('tell what runs at the same time, and what of it is in force', async () => {
    const ids = [];
    for (const [target, start] of [
      ['1,2', '2030-01-01T10:00'],
      ['2,3', '2030-01-01T10:30'],
      ['4', '2030-01-01T10:30'],
    ] as const) {
      ids.push((await createdIn(55, 'CHARGE', target, start, '1h')).id);
    }
    const [first, second, third] = ids;
    const during = ['--from', '2030-01-01', '--to', '2030-01-02'];
    expect(await dispatch('overlaps', '55', ...during)).toEqual([
      `2030-01-01 10:30:00 UTC to 2030-01-01 11:00:00 UTC  ${first} CHARGE (components 1, 2) and ${second} CHARGE (components 2, 3)`,
      '1 overlap.',
    ]);
    expect(await dispatch('overlaps', '55', ...during, '--dispatch-ids', `${third}`)).toEqual(['0 overlaps.']);
    const idsAt = async (...args: string[]) =>
      (await dispatchJson('at', '55', '2030-01-01T10:45', ...args)).map(({ id }) => id).sort();
    expect(await idsAt()).toEqual([first, second, third].sort());
    expect(await idsAt('--merge', 'type')).toEqual([third]);
    expect((await dispatch('at', '55', '2030-01-01T12:00')).at(-1)).toBe('0 running at 2030-01-01 12:00:00 UTC.');
  });
});
