import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startDispatchService } from '../../src/service/index.js';
import { describeWithPostgres } from '../support/describeWithPostgres.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { runCli } from '../support/runCli.js';
import { startCli } from '../support/startCli.js';

// Every command is a process of its own, and a busy machine takes seconds to start one.
vi.setConfig({ testTimeout: 120_000 });

const SERVE = ['serve', '--listen', '127.0.0.1:0', '--database', ':memory:', '--json'];

const logOf = (stderr: string) =>
  stderr
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));

describe.concurrent('the log of serve', () => {
  it('is a JSON object a line where stderr is no terminal: who changed what, how it started and how it stopped', async () => {
    const key = { DISPATCH_API_AUTH_KEY: 'the-auth-key' };
    await using open = startCli(SERVE, key);
    const { listening } = JSON.parse(await open.line());
    const made = await runCli(['create', '7', 'T', '1', 'now', '1h', '--url', listening], key);
    expect(made.code).toBe(0);
    await runCli(['list', '7', '--url', listening], { DISPATCH_API_AUTH_KEY: 'a-wrong-key' });
    await runCli(['list', '7', '--url', listening], key);
    const { code, stderr } = await open.stop();
    expect(code).toBe(0);
    const log = logOf(stderr);
    const line = { time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), pid: expect.any(Number) };
    expect(log.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      'info the service listens',
      'warn dispatches are stored in memory only and are lost when the service stops',
      'info call',
      'warn call',
      'info the service stops',
      'info the service has stopped',
    ]);
    expect(log[0]).toEqual({
      ...line,
      level: 'info',
      msg: 'the service listens',
      address: listening,
      database: ':memory:',
    });
    expect(log[2]).toMatchObject({ method: 'CreateMicrogridDispatch', status: 'OK', microgrid: 7, dispatch: 1 });
    expect(log[3]).toMatchObject({ method: 'ListMicrogridDispatches', status: 'UNAUTHENTICATED' });
    expect(stderr).not.toMatch(/the-auth-key|a-wrong-key/);
  });

  it.each([
    ['debug', ['info', 'warn', 'warn', 'debug', 'info', 'info']],
    ['warn', ['warn', 'warn']],
    ['error', []],
    ['silent', []],
  ])('at --log-level %s has what is at it and above', async (level, levels) => {
    await using open = startCli([...SERVE, '--log-level', level]);
    const { listening } = JSON.parse(await open.line());
    expect((await runCli(['health', '--url', listening])).code).toBe(0);
    const { stderr } = await open.stop();
    expect((stderr === '' ? [] : logOf(stderr)).map(entry => entry.level)).toEqual(levels);
  });

  it('refuses a level that is none', async () => {
    const { code, stderr } = await runCli([...SERVE, '--log-level', 'loud']);
    expect(code).toBe(2);
    expect(stderr).toContain('Allowed choices are debug, info, warn, error, silent.');
  });
});

describe.concurrent('serve', () => {
  it('serves metrics where it says', async () => {
    await using open = startCli([...SERVE, '--metrics', '0']);
    const { metrics } = JSON.parse(await open.line());
    expect(await (await fetch(metrics)).text()).toContain('dispatch_serving 1\n');
    expect((await open.stop()).code).toBe(0);
  });

  it('answers over HTTP where it says, and to pages of the origins', async () => {
    await using open = startCli([...SERVE, '--web', '0', '--web-origin', 'https://a.example', 'https://b.example']);
    const { web } = JSON.parse(await open.line());
    const check = (origin: string) =>
      fetch(`${web}/grpc.health.v1.Health/Check`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: '{}',
      });
    for (const origin of ['https://a.example', 'https://b.example', web])
      expect((await check(origin)).status).toBe(200);
    expect((await check('https://c.example')).status).toBe(403);
    expect((await open.stop()).code).toBe(0);
  });

  it('needs --web for origins', async () => {
    const { code, stderr } = await runCli([...SERVE, '--web-origin', 'https://a.example']);
    expect(code).toBe(2);
    expect(stderr).toContain('--web-origin needs --web.');
  });

  it('goes on while it drains, and stops at once at a second signal, with code 0', async () => {
    await using open = startCli([...SERVE, '--drain', '1h', '--stop-grace', '1h']);
    const { listening } = JSON.parse(await open.line());
    expect((await runCli(['health', '--url', listening])).stdout).toBe(`SERVING ${listening}\n`);
    const ended = open.stop('SIGTERM');
    while (JSON.parse(await open.line('stderr')).msg !== 'the service stops');
    expect(await runCli(['health', '--url', listening])).toEqual({
      code: 1,
      stdout: `NOT_SERVING ${listening}\n`,
      stderr: 'error: The service is not serving.\n',
    });
    const list = await runCli(['list', '1', '--json', '--url', listening]);
    expect(list).toEqual({ code: 0, stdout: '', stderr: '' });
    void open.stop('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(logOf(stderr).at(-1)).toMatchObject({ msg: 'the service has stopped' });
  });

  it('tells that a key in the environment, which is for clients, does not go with --keys', async () => {
    const { code, stderr } = await runCli([...SERVE, '--keys', 'keys.json'], { DISPATCH_API_AUTH_KEY: 'the-auth-key' });
    expect(code).toBe(2);
    expect(JSON.parse(stderr).error.message).toMatch(
      /^--keys cannot be used together with --auth-key \(DISPATCH_API_AUTH_KEY\) /,
    );
  });

  it('refuses a grace that is no duration', async () => {
    const { code, stderr } = await runCli([...SERVE, '--stop-grace', 'long']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Could not parse the duration') });
  });
});

describe.concurrent('health', () => {
  it('is 4 where nobody answers, and where the service is another one', async () => {
    const { code, stderr } = await runCli(['health', '--url', 'grpc://127.0.0.1:1?ssl=false']);
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringMatching(/^error: UNAVAILABLE: .*\n$/) });
    expect((await runCli(['health', '--url', 'nowhere'])).code).toBe(2);
  });

  it('waits until the service is there', async () => {
    const first = await startDispatchService();
    const { port } = first;
    await first.stop();
    const url = `grpc://127.0.0.1:${port}?ssl=false`;
    const waiting = runCli(['health', '--wait', '60s', '--json', '--url', url]);
    await using open = startCli(['serve', '--listen', `127.0.0.1:${port}`, '--database', ':memory:']);
    expect(await waiting).toEqual({ code: 0, stdout: `${JSON.stringify({ health: 'SERVING', url })}\n`, stderr: '' });
    await open.stop();
  });
});

describeWithPostgres('serve on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('is checked without a change before it starts', async () => {
    const database = await postgres.createDatabase();
    const check = await runCli(['serve', '--check', '--listen', '127.0.0.1:0', '--database', database]);
    expect(check.stdout).toMatch(/^the database: possible$/m);
    expect(check.stdout).not.toContain(database);
    expect(check.code).toBe(0);
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    const { rows } = await client.query("select 1 from pg_tables where schemaname = 'public'");
    await client.end();
    expect(rows).toEqual([]);
  });

  it('stops with code 0 though a call hangs', async () => {
    const database = await postgres.createDatabase();
    await using open = startCli([
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--database',
      database,
      '--stop-grace',
      '1s',
      '--json',
    ]);
    const { listening } = JSON.parse(await open.line());
    const create = () => runCli(['create', '1', 'T', '1', 'now', '1h', '--url', listening]);
    expect((await create()).code).toBe(0);
    const other = new pg.Client(database);
    await other.connect();
    await other.query('begin; select * from microgrid where id = 1 for update');
    const hanging = create();
    const waiting = async () =>
      (await other.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock'`)).rows.length;
    await expect.poll(waiting, { timeout: 30_000 }).toBe(1);
    const { code, stderr } = await open.stop();
    expect(code).toBe(0);
    expect(logOf(stderr)).toContainEqual(
      expect.objectContaining({ msg: 'calls that did not end in time were cancelled' }),
    );
    expect((await hanging).code).toBe(4);
    await other.end();
  });
});
