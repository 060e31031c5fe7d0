import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import { execCommand } from '../../../src/cli/exec/execCommand.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';
import { at } from '../../support/time.js';

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
  const runner = execCommand({
    commandLine,
    dryRuns: false,
    resumed: true,
    nowMs: () => run.startMs,
    say: line => said.push(line),
    ...options,
  });
  for (const notification of notifications) {
    runner.run(notification);
  }
  await runner.done();
  const done = (await readFile(file, 'utf8').catch(() => '')).replaceAll('running.', '').split('\n').filter(Boolean);
  expect(done).toEqual(expected.filter(line => !line.startsWith('would')));
  const would = said.map(line => /^dry run of dispatch 1: would run echo .* \(running\.(\w+)\)$/.exec(line)?.[1]);
  expect(would.map(type => `would ${type}`)).toEqual(expected.filter(line => line.startsWith('would')));
});

it('--exec skips a start whose run is over when it is its turn, and its stop', async () => {
  const file = join(folder, 'log');
  let nowMs = run.startMs;
  const said: string[] = [];
  const runner = execCommand({
    commandLine: `cat > /dev/null; echo "$DISPATCH_NOTIFICATION $DISPATCH_ID" >> ${file}; sleep 0.1`,
    dryRuns: false,
    resumed: true,
    nowMs: () => nowMs,
    say: line => said.push(line),
  });
  const of = (id: number, notification: RunNotification) => ({ ...notification, dispatch: dispatchRecord({ id }) });
  const later = { startMs: run.startMs, endMs: at('12:00') };
  runner.run(of(1, notified('started', real)));
  // They wait for the first, because they are for the same component; meanwhile their runs end.
  runner.run(of(2, notified('started', real)));
  runner.run(of(3, notified('started', real)));
  runner.run(of(3, { ...notified('reconfigured', real), run: later } as RunNotification));
  runner.run(of(2, notified('stopped', real)));
  nowMs = at('10:30');
  await expect.poll(() => readFile(file, 'utf8')).toContain('running.started 3');
  runner.run(of(3, notified('stopped', real)));
  await runner.done();
  expect(said).toEqual([
    'skipped running.started of dispatch 2: its run is over',
    'skipped running.started of dispatch 3: its run is over',
    'skipped running.stopped of dispatch 2: its run is over',
  ]);
  const done = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(done).toEqual(['running.started 1', 'running.started 3', 'running.stopped 3']);
});

it.each(['update', 'delete'] as const)(
  '--exec skips a start that waits when its run ends by the cause %s',
  async cause => {
    const file = join(folder, 'log');
    const said: string[] = [];
    const runner = execCommand({
      commandLine: `cat > /dev/null; echo "$DISPATCH_NOTIFICATION $DISPATCH_ID" >> ${file}`,
      dryRuns: false,
      resumed: true,
      nowMs: () => run.startMs,
      say: line => said.push(line),
    });
    const of = (id: number, notification: RunNotification) => ({ ...notification, dispatch: dispatchRecord({ id }) });
    runner.run(of(1, notified('started', real)));
    // It waits for the first, because it is for the same component.
    runner.run(of(2, notified('started', real)));
    runner.run(of(2, { ...notified('stopped', real), cause } as RunNotification));
    // The dispatch is active again.
    runner.run(of(2, notified('started', real)));
    await runner.done();
    expect(said).toEqual([
      'skipped running.started of dispatch 2: its run is over',
      'skipped running.stopped of dispatch 2: its run is over',
    ]);
    expect(await readFile(file, 'utf8')).toBe('running.started 1\nrunning.started 2\n');
  },
);

it.each<[string, boolean, ('started' | 'resumed')[], string[]]>([
  ['a run that was taken over', true, ['started', 'started'], ['running.started', 'running.stopped']],
  ['a run that began before a restart', true, ['resumed'], ['running.stopped']],
  ['one that was taken over after a restart, with --no-resumed', false, ['resumed', 'started'], ['running.stopped']],
])('--exec stops %s though its last start is skipped', async (_, resumed, starts, expected) => {
  const file = join(folder, 'log');
  let nowMs = run.startMs;
  const said: string[] = [];
  const runner = execCommand({
    commandLine: `cat > /dev/null; [ $DISPATCH_ID = 2 ] || echo "$DISPATCH_NOTIFICATION" >> ${file}; sleep 0.1`,
    dryRuns: false,
    resumed,
    nowMs: () => nowMs,
    say: line => said.push(line),
  });
  const [last = 'started', ...earlier] = starts.toReversed();
  for (const type of earlier) runner.run(notified(type, real));
  // The last one waits for another dispatch.
  const other = { dispatch: dispatchRecord({ id: 2 }), run: { ...run, endMs: null } };
  runner.run({ ...notified('started', real), ...other } as RunNotification);
  const laterRun = { startMs: at('10:20'), endMs: at('10:50') };
  runner.run({ ...notified(last, real), run: laterRun } as RunNotification);
  runner.run(notified('stopped', real));
  nowMs = at('10:50');
  await runner.done();
  expect(said).toEqual([`skipped running.${last} of dispatch 1: its run is over`]);
  expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toEqual(expected);
});

it('--exec starts and stops a run without length', async () => {
  const file = join(folder, 'log');
  const said: string[] = [];
  const commandLine = `echo "$DISPATCH_NOTIFICATION" >> ${file}`;
  const runner = execCommand({ commandLine, dryRuns: false, resumed: true, say: line => said.push(line) });
  const instant = { startMs: run.startMs, endMs: run.startMs };
  for (const type of ['started', 'stopped'] as const) {
    runner.run({ ...notified(type, real), run: instant } as RunNotification);
  }
  await runner.done();
  expect([said, await readFile(file, 'utf8')]).toEqual([[], 'running.started\nrunning.stopped\n']);
});

it.runIf(process.platform === 'linux')('--exec says once of a dispatch what its environment lacks', async () => {
  const file = join(folder, 'log');
  const said: string[] = [];
  const commandLine = `echo "$DISPATCH_NOTIFICATION $(wc -c)" >> ${file}`;
  const options = { commandLine, dryRuns: false, resumed: true, nowMs: () => run.startMs };
  const runner = execCommand({ ...options, say: line => said.push(line) });
  const dispatch = dispatchRecord({ payload: { text: 'x'.repeat(200_000) } });
  for (const type of ['started', 'stopped'] as const) runner.run({ ...notified(type, real), dispatch });
  await runner.done();
  expect(said).toEqual([
    'dispatch 1: DISPATCH_PAYLOAD does not fit into the environment of its command, which has it on its stdin only',
  ]);
  expect(await readFile(file, 'utf8')).toMatch(/^running.started 200\d\d\d\nrunning.stopped 200\d\d\d\n$/);
});

it.runIf(process.platform === 'linux')(
  '--timeout ends a command with the processes that it started, and reports it',
  async () => {
    const file = join(folder, 'log');
    const said: string[] = [];
    const commandLine = `sleep 60 & echo $! > ${file}; wait`;
    const options = { commandLine, dryRuns: false, resumed: true, timeoutMs: 500, nowMs: () => run.startMs };
    const runner = execCommand({ ...options, say: line => said.push(line) });
    runner.run(notified('started', real));
    await runner.done();
    expect(said).toEqual(['the command did not end within 0.5 s and was ended (running.started of dispatch 1)']);
    const child = Number(await readFile(file, 'utf8'));
    const state = () =>
      readFile(`/proc/${child}/stat`, 'utf8').then(
        stat => stat.split(') ')[1]?.[0] ?? '',
        () => 'gone',
      );
    await expect.poll(state).toMatch(/^(Z|gone)$/);
  },
);
