import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import { execCommand } from '../../src/cli/execCommand.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { at } from '../support/time.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exec-'));
});

afterEach(() => rm(folder, { recursive: true }));

const run = { startMs: at('10:00'), endMs: at('10:30') };
const notified = (type: 'started' | 'reconfigured' | 'stopped' | 'resumed', dryRun: boolean): RunNotification => {
  const common = { dispatch: dispatchRecord({ dryRun }), run, atMs: run.startMs, lateMs: 0 };
  return type === 'resumed'
    ? { type: 'running.resumed', cause: 'restore', ...common }
    : { type: `running.${type}`, cause: 'update', ...common };
};

const real = false;
const dry = true;
const rows: [string, { dryRuns?: boolean; resumed?: boolean }, RunNotification[], string[]][] = [
  ['a run', {}, [notified('started', real), notified('stopped', real)], ['started false', 'stopped false']],
  ['a dry run', {}, [notified('started', dry), notified('stopped', dry)], ['would started', 'would stopped']],
  [
    'a dry run with --dry-runs',
    { dryRuns: true },
    [notified('started', dry), notified('stopped', dry)],
    ['started true', 'stopped true'],
  ],
  [
    'a run that becomes a dry run',
    {},
    [notified('started', real), notified('reconfigured', dry), notified('stopped', dry)],
    ['started false', 'stopped false', 'would started', 'would stopped'],
  ],
  [
    'a dry run that becomes a run',
    {},
    [notified('started', dry), notified('reconfigured', real), notified('stopped', real)],
    ['would started', 'would stopped', 'started false', 'stopped false'],
  ],
  [
    'a run that is a dry run when it is stopped',
    {},
    [notified('started', real), notified('stopped', dry)],
    ['started false', 'stopped false'],
  ],
  ['a run that is resumed', {}, [notified('resumed', real)], ['resumed false']],
  ['a dry run that is resumed', {}, [notified('resumed', dry)], ['would resumed']],
  [
    'a run that is resumed with --no-resumed',
    { resumed: false },
    [notified('resumed', real), notified('reconfigured', real), notified('stopped', dry)],
    ['reconfigured false', 'stopped false'],
  ],
];

it.each(rows)('--exec acts on %s', async (_, options, notifications, expected) => {
  const file = join(folder, 'log');
  const commandLine = `echo "$DISPATCH_NOTIFICATION $DISPATCH_DRY_RUN" >> ${file}`;
  const said: string[] = [];
  const runner = execCommand({ commandLine, dryRuns: false, resumed: true, say: line => said.push(line), ...options });
  for (const notification of notifications) {
    runner.run(notification);
  }
  await runner.done();
  const done = (await readFile(file, 'utf8').catch(() => '')).replaceAll('running.', '').split('\n').filter(Boolean);
  expect(done).toEqual(expected.filter(line => !line.startsWith('would')));
  const would = said.map(line => /^dry run of dispatch 1: would run echo .* \(running\.(\w+)\)$/.exec(line)?.[1]);
  expect(would.map(type => `would ${type}`)).toEqual(expected.filter(line => line.startsWith('would')));
});
