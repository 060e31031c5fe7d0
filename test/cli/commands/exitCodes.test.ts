import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dispatchProgram } from '../../../src/cli/runCommand.js';
import { runCli } from '../../support/runCli.js';
import { sampled } from '../../support/sampled.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { createdIn, dispatch, serviceEnv, servicePort, useCommandService } from './commandService.js';

useCommandService();

const temporary = temporaryFolder();
afterAll(() => temporary[Symbol.dispose]());
const folder = temporary.path;
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const NOWHERE = join(folder, 'nowhere', 'file');
const EMPTY = file('empty', '');
const BROKEN = file('broken', '{"type": "A",\n');
const PLAN = file(
  'plan',
  '{"type":"A","startTime":"2099-01-01T00:00:00Z","selector":{"ids":[1]},"durationMs":60000}\n',
);
const DOWN = 'grpc://127.0.0.1:1?ssl=false';
const A_FOLDER = join(folder, 'folder');
mkdirSync(A_FOLDER);

/** A line of each command that calls a service, which is right for dispatch 1, and those that need none. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  create: ['1', 'A', '1', 'in 1 hour', '1h'],
  list: ['1'],
  get: ['1', '1'],
  update: ['1', '1', '--active', 'true'],
  delete: ['1', '1'],
  pause: ['1', '1'],
  resume: ['1', '1'],
  'run-now': ['1', '1'],
  skip: ['1', '1'],
  unskip: ['1', '1'],
  check: ['1'],
  overlaps: ['1'],
  at: ['1'],
  simulate: ['1', 'now', 'tomorrow'],
  export: ['1'],
  import: ['1', PLAN],
  watch: ['1'],
  audit: ['1'],
  whoami: [],
  preview: ['--microgrid', '1', '--id', '1'],
};
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  demo: [],
  serve: [],
  health: [],
  follow: ['1'],
  history: ['--store', NOWHERE],
  report: ['--store', NOWHERE],
  keys: ['list', NOWHERE],
  completion: ['bash'],
  shell: [],
  console: [],
};

async function failureOf(args: readonly string[], env = serviceEnv() as Record<string, string>) {
  const { code, stdout, stderr } = await runCli([...args, '--json'], env);
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  expect({ args, stdout, last }).toEqual({ args, stdout: '', last: expect.stringMatching(/^\{"error":/) });
  return { exit: code, code: JSON.parse(last).error.code as string };
}

/** What is wrong, a line of each command that it concerns, and how that ends. */
const MISTAKES: readonly (readonly [string, number, string, readonly (readonly string[])[]])[] = [
  [
    'an option that does not exist',
    2,
    'USAGE',
    Object.entries({ ...CALLS, ...OTHERS }).map(([name, args]) => [name, ...args, '--colour']),
  ],
  [
    'an argument that is missing, or one too many',
    2,
    'USAGE',
    [...Object.keys(CALLS).filter(name => name !== 'whoami'), 'follow', 'history', 'report', 'completion', 'keys']
      .map(name => [name])
      .concat(['whoami', 'health', 'demo', 'serve', 'shell'].map(name => [name, 'x'])),
  ],
  [
    'an id that is none',
    2,
    'USAGE',
    Object.keys(CALLS)
      .filter(name => !['whoami', 'preview'].includes(name))
      .map(name => [name, 'x', ...(CALLS[name] ?? []).slice(1)]),
  ],
  [
    'a time that is none',
    2,
    'USAGE',
    [
      ['create', '1', 'A', '1', 'gestern'],
      ['update', '1', '1', '--start-time', 'gestern'],
      ['list', '1', '--start-from', 'gestern'],
      ['export', '1', '--start-from', 'gestern'],
      ['skip', '1', '1', 'gestern'],
      ['unskip', '1', '1', 'gestern'],
      ['at', '1', 'gestern'],
      ['overlaps', '1', '--from', 'gestern'],
      ['simulate', '1', 'gestern', 'now'],
      ['audit', '1', '--from', 'gestern'],
      ['history', '--store', NOWHERE, '--from', 'gestern'],
      ['report', '--store', NOWHERE, '--from', 'gestern'],
      ['preview', 'gestern'],
    ],
  ],
  [
    'a configuration file that does not exist',
    2,
    'USAGE',
    Object.entries(CALLS).map(([name, args]) => [name, ...args, '--config', NOWHERE]),
  ],
  [
    'a file of a secret that does not exist',
    2,
    'USAGE',
    [...Object.entries(CALLS), ['follow', ['1']] as const, ['serve', []] as const].map(([name, args]) => [
      name,
      ...args,
      '--auth-key-file',
      NOWHERE,
    ]),
  ],
  [
    'a dispatch that does not exist',
    1,
    'NOT_FOUND',
    [
      ...['get', 'delete', 'pause', 'resume', 'run-now', 'skip', 'unskip'].flatMap(name => [[name, '1', '77']]),
      ...['get', 'delete', 'pause', 'resume', 'skip', 'unskip'].flatMap(name => [[name, '1', 'g00000000']]),
      ...['get', 'delete', 'pause', 'resume'].map(name => [name, '1', '77', '78']),
      ['update', '1', '77', '--active', 'true'],
      ['preview', '--microgrid', '1', '--id', '77'],
    ],
  ],
  [
    'a file that does not exist',
    2,
    'USAGE',
    [
      ['import', '1', NOWHERE],
      ['simulate', '1', 'now', 'tomorrow', '--file', NOWHERE],
      ['history', '--store', NOWHERE],
      ['report', '--store', NOWHERE],
      ['follow', '1', '--store', NOWHERE],
      ['keys', 'list', NOWHERE],
      ['keys', 'check', NOWHERE],
      ['keys', 'make', NOWHERE, 'a', '--microgrids', '1'],
      ['keys', 'revoke', NOWHERE, 'a'],
      ['keys', 'rotate', NOWHERE, 'a'],
    ],
  ],
  [
    'a folder, or no database, in place of a file',
    1,
    'FAILED_PRECONDITION',
    [
      ['import', '1', A_FOLDER],
      ['simulate', '1', 'now', 'tomorrow', '--file', A_FOLDER],
      ['history', '--store', A_FOLDER],
      ['report', '--store', A_FOLDER],
      ['history', '--store', BROKEN],
      ['follow', '1', '--store', A_FOLDER],
      ['keys', 'list', A_FOLDER],
    ],
  ],
  [
    'a file that holds something else',
    1,
    'INVALID_ARGUMENT',
    [
      ['import', '1', EMPTY],
      ['simulate', '1', 'now', 'tomorrow', '--file', BROKEN],
      ['import', '1', file('calendar', 'BEGIN:VCALENDAR\nnonsense\n')],
      ['import', '1', PLAN, '--target', '1'],
      ['keys', 'list', BROKEN],
      ['keys', 'check', EMPTY],
      ['keys', 'revoke', BROKEN, 'a'],
    ],
  ],
  [
    'a run that does not exist',
    1,
    'NOT_FOUND',
    [
      ['skip', '1', '1', '2098-01-01'],
      ['unskip', '1', '1', '2098-01-01'],
    ],
  ],
  [
    'a dispatch that is not such that it can be done',
    1,
    'FAILED_PRECONDITION',
    [
      // One that runs once.
      ['skip', '1', '2'],
      ['unskip', '1', '2'],
      // No run of it is skipped, or is not skipped.
      ['unskip', '1', '1'],
      ['unskip', '1', '1', '2099-01-02'],
      ['skip', '1', '3', '2099-01-02'],
      // It is no group, or one in UTC.
      ['update', '1', '1', '--to', '06:00'],
      ['update', '1', '3', '--no-duration'],
      ['update', '1', '3', '--no-recurrence'],
      ['update', '1', '3', '--until', '2100-01-01'],
    ],
  ],
  [
    'a wrong key',
    3,
    'UNAUTHENTICATED',
    Object.entries(CALLS).map(([name, args]) => [name, ...args, '--auth-key', 'wrong']),
  ],
  [
    'what the service refuses',
    3,
    'INVALID_ARGUMENT',
    [
      ['create', '1', 'A', '1', '2020-01-01'],
      ['update', '1', '1', '--start-time', '2020-01-01'],
    ],
  ],
  [
    'a service that is down',
    4,
    'UNAVAILABLE',
    [...sampled(Object.entries(CALLS), 6), ['health', []] as const].map(([name, args]) => [
      name,
      ...args,
      '--url',
      DOWN,
    ]),
  ],
];

beforeAll(async () => {
  await createdIn(1, 'A', '1', '2099-01-01', '1h', '-f', 'daily');
  await createdIn(1, 'A', '1', '2099-01-01', '1h');
  await createdIn(1, 'A', '1', '2099-01-01', '1h', '-f', 'daily');
  await dispatch('skip', '1', '3', '2099-01-02');
});

describe('the exit code and the code of the error', () => {
  it('are told of each command', () => {
    const names = dispatchProgram(true).commands.map(command => command.name());
    expect(Object.keys({ ...CALLS, ...OTHERS }).sort()).toEqual(names.sort());
  });

  it.each(MISTAKES)('%s: %i, %s', async (_, exit, code, lines) => {
    const told = [];
    for (const args of lines) told.push({ args, ...(await failureOf(args)) });
    expect(told).toEqual(lines.map(args => ({ args, exit, code })));
  });

  it('a name that is there already: 1', async () => {
    const keys = join(folder, 'keys.json');
    await dispatch('keys', 'make', keys, 'a', '--microgrids', '1').catch(() => {});
    expect(await failureOf(['keys', 'make', keys, 'a', '--microgrids', '1'])).toEqual({
      exit: 1,
      code: 'ALREADY_EXISTS',
    });
    expect(await failureOf(['keys', 'revoke', keys, 'b'])).toEqual({ exit: 1, code: 'NOT_FOUND' });
  });

  it('a port in use: 1', async () => {
    const serve = ['serve', '--database', ':memory:', '--listen', `127.0.0.1:${servicePort()}`];
    expect(await failureOf(serve)).toEqual({ exit: 1, code: 'UNAVAILABLE' });
  });
});
