import { afterEach, expect, it, vi } from 'vitest';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import { runForNotification } from '../../../src/cli/exec/notificationCommand.js';
import { dispatchRecord, monday10Ms } from '../../support/dispatchRecord.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

const started = (payload: Record<string, string>) =>
  ({
    type: 'running.started',
    cause: 'schedule',
    dispatch: dispatchRecord({ payload }),
    run: { startMs: monday10Ms, endMs: null },
    atMs: monday10Ms,
    lateMs: 0,
  }) as const;

const runWith = (commandLine: string, notification: RunNotification, onLeftOut = (_: string) => {}) =>
  runForNotification(notification, { commandLine, onLeftOut });

it('a command may leave its input unread', async () => {
  const payload = { a: 'b'.repeat(100_000) };
  const problems = Array.from({ length: 20 }, () => runWith('exec 0<&-; true', started(payload)));
  expect(await Promise.all(problems)).toEqual(Array(20).fill(null));
});

it.each([
  ['exit 3', 'the command ended with exit code 3'],
  ['kill -KILL $$', 'the command ended with SIGKILL'],
  ['[ "$DISPATCH_NOTIFICATION $DISPATCH_RUN_END_MS" = "running.started " ] && read -r line && [ -n "$line" ]', null],
])('the command %s: %s', async (commandLine, problem) => {
  expect(await runWith(commandLine, started({}))).toBe(problem);
});

/** Legal: 30,000 bytes of protobuf. As JSON it has 180,000, and Linux takes 131,072 for a variable. */
const large = { text: '\u0001'.repeat(30_000) };

it.runIf(process.platform === 'linux')(
  'a payload that is too large for the environment is on stdin only, and that is told',
  async () => {
    vi.stubEnv('DISPATCH_PAYLOAD', 'of another dispatch');
    const leftOut: string[] = [];
    const size = JSON.stringify(large).length;
    const command = `[ -z "\${DISPATCH_PAYLOAD+x}" ] && [ -n "$DISPATCH_SELECTOR" ] && [ "$(wc -c)" -gt ${size} ]`;
    expect(await runWith(command, started(large), name => leftOut.push(name))).toBe(null);
    expect(leftOut).toEqual(['DISPATCH_PAYLOAD']);
  },
);

it('a type that cannot be a variable is left out', async () => {
  const leftOut: string[] = [];
  const notification = started({});
  const odd = { ...notification, dispatch: { ...notification.dispatch, type: 'a\0b' } };
  expect(await runWith('[ -z "$DISPATCH_TYPE" ]', odd, name => leftOut.push(name))).toBe(null);
  expect(leftOut).toEqual(['DISPATCH_TYPE']);
});

it('a command that the system refuses at once is a problem of that command', async () => {
  const problem = await runWith(`true ${'x'.repeat(5_000_000)}`, started({}));
  expect(problem).toBe('the command cannot be run: spawn E2BIG');
});
