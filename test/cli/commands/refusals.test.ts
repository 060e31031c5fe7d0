import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../support/runCli.js';
import { startCli } from '../../support/startCli.js';
import { createdIn, serviceEnv, servicePort, useCommandService } from './commandService.js';
import { expectRefusal } from './expectRefusal.js';

useCommandService();
// It would be told that a dispatch is the first one.
beforeAll(() => createdIn(1, 'A', '1', 'in 1 hour'));

const ONCE = ['create', '1', 'A', '1', 'tomorrow', '1m'];
const DAILY = [...ONCE, '-f', 'daily'];

describe.concurrent('what goes wrong is told in one line', () => {
  it.each([
    ['an unknown id to get', ['get', '1', '77'], 1, 'NOT_FOUND: microgrid 1 has no dispatch 77'],
    ['an unknown id to update', ['update', '1', '77', '-a', 'true'], 1, 'NOT_FOUND: microgrid 1 has no dispatch 77'],
    ['a wrong key', ['list', '1', '--auth-key', 'a-wrong-key'], 3, 'UNAUTHENTICATED: '],
    ['a service that is down', ['get', '1', '1-3', '--url', 'grpc://127.0.0.1:1?ssl=false'], 4, 'UNAVAILABLE: '],
    ['no health', ['health', '--url', 'grpc://127.0.0.1:1?ssl=false'], 4, 'UNAVAILABLE: '],
    ['a start in the past', ['create', '1', 'A', '1', '2020-01-01'], 3, 'start_time: must not be in the past'],
  ])('%s', async (_, args, code, message) => {
    const result = await runCli(args, serviceEnv());
    expectRefusal(result, code, message);
    expect(result.stderr).not.toContain('a-wrong-key');
  });

  it.each([
    [['get', '1', '77'], 1, 'NOT_FOUND', 'has no dispatch 77'],
    [['create', '1', '', '1', 'now'], 3, 'INVALID_ARGUMENT', 'dispatch_data.type: must have'],
    [['get', '1', '1', '--url', 'grpc://127.0.0.1:1?ssl=false'], 4, 'UNAVAILABLE', '127.0.0.1:1'],
    [['get', '1', 'x'], 2, 'USAGE', "'x'"],
    [['get', '1', '1', '--colour=my-secret'], 2, 'USAGE', "unknown option '--colour'"],
    [['update', '1', '1'], 2, 'USAGE', 'nothing to change'],
  ])('%j with --json: one line of JSON', async (args, expectedCode, errorCode, message) => {
    const { code, stdout, stderr } = await runCli([...args, '--json'], serviceEnv());
    expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).not.toContain('my-secret');
    const { error } = JSON.parse(stderr);
    expect(error).toMatchObject({ code: errorCode, message: expect.stringContaining(message) });
  });

  it.each([
    ['a type', ['create', '1', '', '1', 'tomorrow'], 'dispatch_data.type: must have 1 to 256 characters, not 0'],
    ['a start', ['create', '1', 'A', '1', '2020-01-01'], 'start_time: must not be in the past'],
    ['a payload', [...ONCE, '-p', JSON.stringify({ text: 'x'.repeat(60_000) })], 'payload: must have at most 51200'],
    [
      'a group',
      [...DAILY, '--time-zone', 'Europe/Berlin', '--until', '2031-01-01', '-p', '{"a":[[[[[1]]]]]}'],
      'may nest 5',
    ],
    ['a change', ['update', '1', '1', '--start-time', '2020-01-01'], 'start_time: must not be in the past'],
  ])('what the service would refuse is refused with --dry, too: %s', async (_, args, message) => {
    for (const dry of [[], ['--dry']]) {
      const { code, stdout, stderr } = await runCli([...args, ...dry], serviceEnv());
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(/^error: .+$/m);
      expect(stderr).toContain(message);
    }
  });

  it('a run that is skipped of a dispatch that runs once: 1', async () => {
    const result = await runCli(['unskip', '1', '1'], serviceEnv());
    expectRefusal(result, 1, 'Dispatch 1 runs once: it has no run that is skipped.');
  });

  it('a service that does not speak TLS: one line', async () => {
    const url = serviceEnv().DISPATCH_API_URL.replace('ssl=false', 'ssl=true');
    const { code, stdout, stderr } = await startCli(['list', '1', '--json', '--url', url]).ended;
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(stderr).error.message).toMatch(
      /^UNAVAILABLE: the service does not speak TLS; the address of such a service says ssl=false \(service: [^ ]+\)$/,
    );
  });

  it('a port in use: 1', async () => {
    const serve = ['serve', '--database', ':memory:', '--listen', `127.0.0.1:${servicePort()}`];
    expectRefusal(await runCli(serve), 1, 'the address is already in use');
  });

  it.each([
    ['<start-time>', ['create', '1', 'A', '1', 'gestern']],
    ['--start-time', ['update', '1', '1', '--start-time', 'gestern']],
    ['--until', ['update', '1', '1', '-f', 'daily', '--until', 'gestern']],
    ['--until', ['preview', 'now', '1h', '-f', 'daily', '--until', 'tomorrow CET']],
    ['[start-time]', ['preview', 'gestern']],
    ['--start-from', ['list', '1', '--start-from', 'gestern']],
    ['--update-to', ['export', '1', '--update-to', 'gestern']],
    ['[time]', ['at', '1', 'gestern']],
    ['--to', ['overlaps', '1', '--to', 'gestern']],
    ['<to>', ['simulate', '1', 'now', 'gestern']],
    ['--from', ['audit', '1', '--from', 'gestern']],
    ['--to', ['history', '--store', 'none', '--to', 'gestern']],
    ['--from', ['report', '--store', 'none', '--from', 'gestern']],
  ])('a time that is none is refused by the name of %s: %j', async (name, args) => {
    const { code, stderr } = await runCli(args, serviceEnv());
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`error: ${name}: Could not parse time expression '`),
    });
  });

  it.each([
    ["option '--duration <duration>'", ['update', '1', '1', '--duration', '5000000000'], 'at most 4294967295 seconds'],
    ["argument 'duration'", ['create', '1', 'A', '1', 'now', '200000 weeks'], 'at most 4294967295 seconds'],
    ['--until', ['preview', '2030-01-01', '1h', '-f', 'daily', '--until', '0000-12-31'], 'within the years 1 to 9999'],
    ['<start-time>', ['create', '1', 'A', '1', 'in 9000 years'], 'within the years 1 to 9999'],
    ["option '--time-zone <zone>'", ['preview', 'now', '--time-zone', 'Berlin'], 'must be a time zone such as'],
    ["option '--interval <n>'", [...DAILY, '--interval', '99999999999', '--dry'], 'It must be at most 4294967295.'],
    ["option '--count <n>'", ['update', '1', '1', '-f', 'daily', '--count', '4294967296'], 'at most 4294967295'],
    ["option '--rrule <text>'", [...ONCE, '--rrule', 'FREQ=DAILY;INTERVAL=4294967296'], 'INTERVAL must be at most'],
    ["option '--show-in <zone>'", ['preview', 'now', '--show-in', 'CET'], 'CET is ambiguous'],
    ["option '--to <time>'", ['preview', 'now', '--to', '25:00', '--time-zone', 'UTC'], 'must be a time of day'],
  ])('a value that cannot be is refused by the name of %s: %j', async (name, args, message) => {
    const { code, stderr } = await runCli(args, serviceEnv());
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    expect(stderr).toContain(name);
  });

  it.each([
    ['a bad time', ['create', '1', 'A', '1', 'gestern'], "Could not parse time expression 'gestern'"],
    ['a bad duration', ['create', '1', 'A', '1', 'now', '1 month'], "argument 'duration'"],
    ['a bad target', ['create', '1', 'A', 'FOO', 'now'], "'FOO' is neither a component id nor one of "],
    ['a mistyped id', ['create', '1', 'A', '1,2,x', 'now'], "'x' is neither a component id nor one of "],
    ['ids and categories', ['create', '1', 'A', '1,BATTERY', 'now'], 'either ids or categories, not both'],
    ['no type to follow', ['follow', '1', '--type', ''], "'-T, --type <type>'"],
    ['no command to run', ['follow', '1', '--exec', ''], "'--exec <command>'"],
    ['malformed JSON', ['create', '1', 'A', '1', 'now', '-p', '{"a":\n'], "'-p, --payload <json>'"],
    ['a rule without frequency', ['create', '1', 'A', '1', 'now', '--count', '2'], '--count needs a --frequency'],
    ['count and until', ['update', '1', '1', '-f', 'daily', '--count', '2', '--until', 'tomorrow'], '--until'],
    ['nothing to change', ['update', '1', '1'], 'nothing to change'],
    ['a duration and none', ['update', '1', '1', '--no-duration', '--duration', '1h'], "'--duration <duration>'"],
    ['an order without a field', ['list', '1', '--order', 'ascending'], '--order needs --sort.'],
    ['no type to list', ['list', '1', '--type', ''], "'-T, --type <type>'"],
    [
      'a rule for a dispatch that exists',
      ['preview', '--microgrid', '1', '--id', '1', '-f', 'daily'],
      'has its own rule',
    ],
    ['the past of what is followed', ['audit', '1', '-f', '--from', 'yesterday'], "'--from <time>'"],
    [
      'a list from a later start',
      ['list', '1', '--start-from', 'tomorrow', '--start-to', 'today'],
      '--start-to must be',
    ],
    [
      'an export from a later end',
      ['export', '1', '--end-from', 'now', '--end-to', 'now'],
      '--end-to must be after --end',
    ],
    ['an audit backwards', ['audit', '1', '--from', 'now', '--to', 'yesterday'], '--to must be after --from.'],
    [
      'a history backwards',
      ['history', '--store', 'x', '--from', 'now', '--to', 'yesterday'],
      '--to must be after --from.',
    ],
    ['overlaps after the default', ['overlaps', '1', '--from', '2999-01-01'], "--from must be before 'in 7 days'"],
    ['a report after the default', ['report', '--store', 'x', '--from', 'tomorrow'], "--from must be before 'now'"],
    ['changes by no key', ['audit', '1', '--key', ''], "'--key <name>'"],
    [
      'a payload with a group',
      ['create', '1', 'A', '1', 'now', '-p', '{"_group":5}'],
      'the key _group, which is reserved',
    ],
    ['a change to a group', ['update', '1', '1', '-p', '{"_group":5}'], 'the key _group, which is reserved'],
    ['an unknown command', ['creat', '1'], "unknown command 'creat' (Did you mean create?)"],
    ['a bad address', ['list', '1', '--url', 'nonsense'], 'grpc://host:50051?ssl=false'],
    ['a bad place to listen', ['serve', '--listen', 'nonsense'], "'nonsense' is not HOST:PORT"],
    [
      'an unknown kind of database',
      ['serve', '--database', 'mysql://host/x'],
      '--database: must be a file, :memory:, or',
    ],
    [
      'changes that are not kept',
      ['serve', '--database', ':memory:', '--keep-changes', '5s'],
      'must be at least a minute',
    ],
    [
      'a drain without end',
      ['serve', '--drain', '21d'],
      "'--drain <duration>' argument '21d' is invalid. It must be from 0s",
    ],
    ['a connection that is never old', ['serve', '--max-connection-age', '59s'], 'It must be from 60s to 20 days'],
    ['a ping without a pause', ['serve', '--keep-alive', '0s'], 'It must be from 1s to 20 days'],
    [
      'connections to no server',
      ['serve', '--database-connections', 'reads=4'],
      '--database-connections: is for a database',
    ],
    ['a number of connections', ['serve', '--database-connections', 'reads'], 'such as reads=16'],
    ['a span that is none', ['serve', '--keep-changes', 'for ever'], "'--keep-changes <duration>'"],
  ])('%s: 2', async (_, args, message) => {
    expectRefusal(await runCli(args), 2, message);
  });

  it('a note that is too long: 2, and it is not printed as a whole', async () => {
    const { code, stderr } = await runCli(['delete', '1', '1', '--note', 'x'.repeat(5_000)]);
    const start = 'x'.repeat(60);
    expect(code).toBe(2);
    expect(stderr).toContain(`option '--note <text>' argument '${start}…' is invalid. The note must`);
  });

  it('a secret without a key, and an option that nearly was one: 2, and neither is printed', async () => {
    const [secret, misspelt] = await Promise.all([
      runCli(['list', '1', '--sign-secret', 'my-secret']),
      runCli(['list', '1', '--authkey=my-secret']),
    ]);
    expectRefusal(secret, 2, '--sign-secret needs an --auth-key');
    expectRefusal(misspelt, 2, "unknown option '--authkey'");
    expect(secret.stderr + misspelt.stderr).not.toContain('my-secret');
  });
});

describe.concurrent('help', () => {
  it.each([
    [['help', 'nix'], "unknown command 'nix'"],
    [['keys', 'help', 'nix'], "unknown command 'nix'"],
    [['keys'], 'a command is missing'],
  ])('%j ends with what is wrong', async (words, message) => {
    const [text, json] = await Promise.all([runCli(words), runCli([...words, '--json'])]);
    expect(text.code).toBe(2);
    expect(text.stderr).toMatch(new RegExp(`\nerror: ${message}\n$`));
    expect(json.stderr.trimEnd().split('\n').at(-1)).toBe(JSON.stringify({ error: { code: 'USAGE', message } }));
  });

  it('names every command and ends with 0', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['demo', 'serve', 'create', 'list', 'get', 'update', 'delete', 'watch', 'follow']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
    }
  });
});
