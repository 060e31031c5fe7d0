import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type CliResult, type RunningCli, runCli, startCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const credentials = { DISPATCH_API_AUTH_KEY: 'the-auth-key', DISPATCH_API_SIGN_SECRET: 'the-sign-secret' };

// Every command is a process of its own, and a busy machine takes seconds to start one.
vi.setConfig({ testTimeout: 120_000 });

let service: RunningCli;
let port: number;
let env: Record<string, string>;

beforeAll(async () => {
  service = startCli(['serve', '--listen', '127.0.0.1:0', '--database', ':memory:', '--json'], credentials);
  const { listening, port: taken } = JSON.parse(await service.line());
  port = taken;
  env = { ...credentials, DISPATCH_API_URL: listening };
});

afterAll(async () => {
  const { code, stderr } = await service.stop('SIGTERM');
  expect(code).toBe(0);
  expect(stderr).toContain('"msg":"dispatches are kept in memory only: they are gone when this service stops"');
});

/** Runs a command that must succeed; returns what it printed, by lines. */
async function dispatch(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCli(args, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

async function dispatchJson(...args: string[]) {
  return (await dispatch(...args, '--json')).map(line => JSON.parse(line));
}

function createdIn(microgridId: number, ...args: string[]) {
  return dispatchJson('create', `${microgridId}`, ...args).then(([created]) => created);
}

function expectRefusal({ code, stdout, stderr }: CliResult, expectedCode: number, message: string) {
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
}

// It waits most of its time, so it goes first.
describe.concurrent('demo', () => {
  it('shows every kind of notification and leaves nothing running', async () => {
    const { code, stdout, stderr } = await runCli(['demo']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

    const notifications = [...stdout.matchAll(/^ {3}[\d:.]{12} {2}(\w+) +(\d+) \w+ {2}by (\w+)/gm)];
    expect(notifications.map(([, kind, id, cause]) => `${id} ${kind} by ${cause}`)).toEqual([
      '1 started by schedule',
      '1 stopped by schedule',
      '2 started by update',
      '2 reconfigured by update',
      '2 stopped by schedule',
      '3 started by update',
      '3 stopped by update',
      '4 started by update',
      '4 stopped by delete',
      '5 started by schedule',
      '5 stopped by schedule',
    ]);
    expect(stdout).toMatch(/every minute, 10 times; the next runs start at [\d:]{8} and [\d:]{8} UTC/);
  });
});

describe.concurrent('serve', () => {
  it('prints where it listens, and stops on SIGINT', async () => {
    await using open = startCli(['serve', '--listen', '127.0.0.1:0', '--database', ':memory:']);
    expect(await open.line()).toMatch(/^listening on grpc:\/\/127\.0\.0\.1:\d+\?ssl=false$/);
    const { code, stderr } = await open.stop('SIGINT');
    expect(code).toBe(0);
    expect(stderr).toContain('every caller is accepted');
  });

  it.runIf(process.platform === 'linux')(
    "keeps dispatches in a file among the user's data, named at the start",
    async () => {
      using folder = temporaryFolder();
      const data = { XDG_DATA_HOME: folder.path };
      const database = join(folder.path, 'xstate-dispatch', 'dispatches.db');
      const serve = ['serve', '--listen', '127.0.0.1:0', '--json'];
      {
        await using first = startCli(serve, data);
        const { listening, database: told } = JSON.parse(await first.line());
        expect(told).toBe(database);
        expect(JSON.parse(await first.line('stderr'))).toMatchObject({ msg: 'the service listens', database });
        const created = await runCli(['create', '1', 'KEPT', '1', 'now', '1h', '--url', listening]);
        expect(created.code).toBe(0);
        expectRefusal(await runCli(serve, data), 1, `error: ${database} is in use by another process\n`);
        expect((await first.stop()).code).toBe(0);
      }
      await using second = startCli(serve, data);
      const { listening } = JSON.parse(await second.line());
      const listed = await runCli(['list', '1', '--json', '--url', listening]);
      expect(JSON.parse(listed.stdout)).toMatchObject({ id: 1, type: 'KEPT' });
    },
  );

  it('tells in one line what is wrong with a database, and never a password', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'notes.txt');
    writeFileSync(file, 'these are only notes');
    const serve = (database: string) => runCli(['serve', '--listen', '127.0.0.1:0', '--database', database]);
    const postgres = await serve('postgres://user:the-password@127.0.0.1:1/dispatches');
    expectRefusal(await serve(file), 1, `${file} is no SQLite database, so not the dispatches of a service`);
    expectRefusal(await serve(folder.path), 1, `cannot open ${folder.path}: it is a folder`);
    expectRefusal(postgres, 1, 'cannot use postgres://127.0.0.1:1/dispatches: connect ECONNREFUSED');
    expect(postgres.stderr).not.toContain('the-password');
  });
});

describe.concurrent('create, get, update and delete', () => {
  it('tell all about a dispatch, in words', async () => {
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
    expect(text).toMatch(/recurrence +every week on Monday and Friday, until 2099-12-31 00:00 UTC/);
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
    const options = ['--url', env.DISPATCH_API_URL ?? '', '--auth-key', 'the-auth-key'];
    const result = await runCli([...options, 'list', '12', '--sign-secret', 'the-sign-secret']);
    expect(result).toEqual({ code: 0, stdout: '0 dispatches, 0 filtered out.\n', stderr: '' });
  });

  it('tell each field that is wrong in a line, with --json as an object', async () => {
    const create = ['create', '12', 'x'.repeat(300), 'BATTERY', '2020-01-01'];
    const [text, json] = await Promise.all([runCli(create, env), runCli([...create, '--json'], env)]);
    expect(text.stderr.trimEnd().split('\n')).toEqual([
      'error: INVALID_ARGUMENT: the request is wrong',
      expect.stringMatching(/^- dispatch_data\.type: /),
      expect.stringMatching(/^- dispatch_data\.start_time: /),
    ]);
    const [message, details = ''] = json.stderr.trimEnd().split('\n');
    expect(message).toMatch(/^error: INVALID_ARGUMENT: dispatch_data\.type: /);
    const { error } = JSON.parse(details);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', microgridId: 12, field: 'dispatch_data.type' });
    expect(error.violations).toHaveLength(2);
    expect([text.code, json.code, text.stdout + json.stdout]).toEqual([1, 1, '']);
  });

  it('go on after an id that fails, and end with 1', async () => {
    const ids = [];
    for (let i = 0; i < 2; i++) ids.push((await createdIn(13, 'CHARGE', '1', 'in 1 hour')).id);
    const [first, second] = ids;
    const missing = second + 1_000;

    const got = await runCli(['get', '13', `${first},${second}`, `${missing}`, '--json'], env);
    expect(
      got.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).id),
    ).toEqual(ids);
    expect(got.stderr).toBe(
      `Failed to get ${missing}: NOT_FOUND: microgrid 13 has no dispatch ${missing}\nerror: Some gets failed.\n`,
    );
    expect(got.code).toBe(1);

    const deleted = await runCli(['delete', '13', `${first}`, `${second},${missing}`], env);
    expect(deleted.stdout).toBe(`Dispatches deleted: ${first}, ${second}\n`);
    expect(deleted.stderr).toMatch(/^Failed to delete \d+: .*\nerror: Some deletions failed\.\n$/);
    expect(deleted.code).toBe(1);

    const again = await runCli(['delete', '13', `${first}`, `${second}`], env);
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
    expect(lines[2]).toBe('1 dispatches, 2 filtered out.');

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

describe.concurrent('watch', () => {
  it('prints each change, and ends well when interrupted', async () => {
    await using watching = startCli(['watch', '30', '--json'], env);
    expect(await watching.line('stderr')).toBe('watching microgrid 30');
    const { id } = await createdIn(30, 'CHARGE', '1', 'in 1 hour');
    await dispatch('delete', '30', `${id}`);
    expect(JSON.parse(await watching.line())).toMatchObject({ event: 'created', dispatch: { id, deleted: false } });
    expect(JSON.parse(await watching.line())).toMatchObject({ event: 'deleted', dispatch: { id, deleted: true } });
    expect((await watching.stop('SIGINT')).code).toBe(0);
  });

  it('ends with 1 when the service goes', async () => {
    await using gone = startCli(['serve', '--listen', '127.0.0.1:0', '--database', ':memory:', '--json']);
    const { listening } = JSON.parse(await gone.line());
    await using watching = startCli(['--url', listening, 'watch', '30']);
    await watching.line('stderr');
    await gone.stop();
    const { code, stderr } = await watching.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nerror: UNAVAILABLE: .*\n$/);
  });
});

describe.concurrent('follow', () => {
  it('prints one line of JSON a notification, of one type', async () => {
    await using following = startCli(['follow', '40', '--type', 'CHARGE', '--json'], env);
    expect(await following.line('stderr')).toBe(`following microgrid 40 on ${env.DISPATCH_API_URL}`);
    await createdIn(40, 'OTHER', '1', 'now', '1h');
    const { id, startTime } = await createdIn(40, 'CHARGE', '1', 'now', '1h');
    await dispatch('update', '40', `${id}`, '--duration', '2h');
    await dispatch('delete', '40', `${id}`);

    const startMs = Date.parse(startTime);
    const order = { selector: { ids: [1] }, payload: {}, dryRun: false };
    const common = { id, type: 'CHARGE', atMs: expect.any(Number), lateMs: expect.any(Number), ...order };
    const started = JSON.parse(await following.line());
    expect(started).toEqual({
      notification: 'running.started',
      ...common,
      cause: 'update',
      run: { startMs, endMs: startMs + 3_600_000 },
    });
    expect(Object.keys(started).join()).toBe('notification,id,type,atMs,lateMs,cause,run,selector,payload,dryRun');
    const run = { startMs, endMs: startMs + 7_200_000 };
    expect(JSON.parse(await following.line())).toEqual({
      notification: 'running.reconfigured',
      ...common,
      cause: 'update',
      run,
    });
    expect(JSON.parse(await following.line())).toEqual({
      notification: 'running.stopped',
      ...common,
      cause: 'delete',
      run,
    });
    const { code, stdout } = await following.stop('SIGTERM');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  });

  it('runs a command a notification, and survives one that fails', async () => {
    const command = `cat; echo "$DISPATCH_NOTIFICATION $DISPATCH_ID $DISPATCH_PAYLOAD"; exit 3`;
    await using following = startCli(['follow', '41', '--lifecycle', '--exec', command], env);
    await following.line('stderr');
    const { id } = await createdIn(41, 'CHARGE', '1', 'now', '1h', '-p', '{"kw":5}');
    for (const notification of ['lifecycle.created', 'running.started']) {
      expect(JSON.parse(await following.line('stderr'))).toMatchObject({ notification, id, type: 'CHARGE' });
      expect(await following.line('stderr')).toBe(`${notification} ${id} {"kw":5}`);
      expect(await following.line('stderr')).toBe(
        `the command ended with exit code 3 (${notification} of dispatch ${id})`,
      );
    }
    const { code, stdout } = await following.stop('SIGINT');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      / created +\d+ CHARGE .*\n.* started +\d+ CHARGE {2}by update, until .*components 1 {"kw":5}\n$/,
    );
  });

  it('runs no command for a dry run, unless it is told to, and says what it would run', async () => {
    const command = 'echo "$DISPATCH_NOTIFICATION $DISPATCH_DRY_RUN"';
    await using careful = startCli(['follow', '43', '--exec', command], env);
    await using bold = startCli(['follow', '43', '--exec', command, '--dry-runs'], env);
    await Promise.all([careful.line('stderr'), bold.line('stderr')]);
    const { id } = await createdIn(43, 'CHARGE', '1', 'now', '1h', '--dry-run', 'true');
    expect(await careful.line('stderr')).toBe(`dry run of dispatch ${id}: would run ${command} (running.started)`);
    expect(await bold.line('stderr')).toBe('running.started true');
    const [{ stdout }, { stderr }] = await Promise.all([careful.stop(), bold.stop()]);
    expect(stdout).toContain('dry run');
    expect(stderr).not.toContain('would run');
  });

  it('reports rejected credentials and keeps trying', async () => {
    await using following = startCli(['follow', '42', '--auth-key', 'a-wrong-key'], env);
    expect(await following.line('stderr')).toMatch(/^problem: UNAUTHENTICATED: /);
    const { code, stderr } = await following.stop('SIGTERM');
    expect(code).toBe(0);
    expect(stderr).not.toContain('a-wrong-key');
  });
});

describe.concurrent('what goes wrong is told in one line', () => {
  it.each([
    ['an unknown id to get', ['get', '1', '77'], 'NOT_FOUND: microgrid 1 has no dispatch 77'],
    ['an unknown id to update', ['update', '1', '77', '-a', 'true'], 'NOT_FOUND: microgrid 1 has no dispatch 77'],
    ['a wrong key', ['list', '1', '--auth-key', 'a-wrong-key'], 'UNAUTHENTICATED: '],
    ['a service that is down', ['get', '1', '1-3', '--url', 'grpc://127.0.0.1:1?ssl=false'], 'UNAVAILABLE: '],
    ['a start in the past', ['create', '1', 'A', '1', '2020-01-01'], 'start_time: must not lie in the past'],
  ])('%s: 1', async (_, args, message) => {
    const result = await runCli(args, env);
    expectRefusal(result, 1, message);
    expect(result.stderr).not.toContain('a-wrong-key');
  });

  it('a port in use: 1', async () => {
    const serve = ['serve', '--database', ':memory:', '--listen', `127.0.0.1:${port}`];
    expectRefusal(await runCli(serve), 1, 'the address is already in use');
  });

  it.each([
    ['a bad time', ['create', '1', 'A', '1', 'gestern'], "Could not parse time expression 'gestern'"],
    ['a bad duration', ['create', '1', 'A', '1', 'now', '1 month'], "argument 'duration'"],
    ['a bad target', ['create', '1', 'A', 'FOO', 'now'], "'FOO' is neither a component id nor one of "],
    ['malformed JSON', ['create', '1', 'A', '1', 'now', '-p', '{"a":\n'], "'-p, --payload <json>'"],
    ['a rule without frequency', ['create', '1', 'A', '1', 'now', '--count', '2'], '--count needs a --frequency'],
    ['count and until', ['update', '1', '1', '-f', 'daily', '--count', '2', '--until', 'tomorrow'], '--until'],
    ['nothing to change', ['update', '1', '1'], 'nothing to change'],
    ['a duration and none', ['update', '1', '1', '--no-duration', '--duration', '1h'], "'--duration <duration>'"],
    ['an unknown command', ['creat', '1'], "unknown command 'creat' (Did you mean create?)"],
    ['a bad address', ['list', '1', '--url', 'nonsense'], 'grpc://host:50051?ssl=false'],
    ['a bad place to listen', ['serve', '--listen', 'nonsense'], "'nonsense' is not HOST:PORT"],
    ['an unknown kind of database', ['serve', '--database', 'mysql://host/x'], 'neither a file, nor :memory:, nor'],
    ['changes that are not kept', ['serve', '--database', ':memory:', '--keep-changes', '5s'], 'a minute at least'],
    ['a span that is none', ['serve', '--keep-changes', 'for ever'], "'--keep-changes <duration>'"],
  ])('%s: 2', async (_, args, message) => {
    expectRefusal(await runCli(args), 2, message);
  });

  it('a secret without a key, and an option that nearly was one: 2, and neither is printed', async () => {
    const [secret, misspelt] = await Promise.all([
      runCli(['list', '1', '--sign-secret', 'my-secret']),
      runCli(['list', '1', '--authkey=my-secret']),
    ]);
    expectRefusal(secret, 2, '--sign-secret (DISPATCH_API_SIGN_SECRET) needs an --auth-key');
    expectRefusal(misspelt, 2, "unknown option '--authkey'");
    expect(secret.stderr + misspelt.stderr).not.toContain('my-secret');
  });
});

describe.concurrent('help', () => {
  it('names every command and ends with 0', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['demo', 'serve', 'create', 'list', 'get', 'update', 'delete', 'watch', 'follow']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
    }
  });
});
