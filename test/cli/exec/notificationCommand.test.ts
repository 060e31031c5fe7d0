import { expect, it } from 'vitest';
import { runForNotification } from '../../../src/cli/exec/notificationCommand.js';
import { dispatchRecord, monday10Ms } from '../../support/dispatchRecord.js';

const started = (payload: Record<string, string>) =>
  ({
    type: 'running.started',
    cause: 'schedule',
    dispatch: dispatchRecord({ payload }),
    run: { startMs: monday10Ms, endMs: null },
    atMs: monday10Ms,
    lateMs: 0,
  }) as const;

it('a command may leave its input unread', async () => {
  const payload = { a: 'b'.repeat(100_000) };
  const problems = Array.from({ length: 20 }, () => runForNotification('exec 0<&-; true', started(payload)));
  expect(await Promise.all(problems)).toEqual(Array(20).fill(null));
});

it.each([
  ['exit 3', 'the command ended with exit code 3'],
  ['kill -KILL $$', 'the command ended with SIGKILL'],
  ['[ "$DISPATCH_NOTIFICATION $DISPATCH_RUN_END_MS" = "running.started " ] && read -r line && [ -n "$line" ]', null],
])('the command %s: %s', async (commandLine, problem) => {
  expect(await runForNotification(commandLine, started({}))).toBe(problem);
});
