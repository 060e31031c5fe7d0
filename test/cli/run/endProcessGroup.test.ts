import { afterEach, expect, it, vi } from 'vitest';
import { endProcessGroup } from '../../../src/cli/run/endProcessGroup.js';
import { ProcessTable } from '../../../src/cli/run/processTable.js';

afterEach(() => vi.restoreAllMocks());

/** Lets signals to any group fail as the system does; returns the signals that were sent. */
function failSignals(codeOf: (signal: string | number | undefined) => string | undefined) {
  const sent: unknown[] = [];
  vi.spyOn(process, 'kill').mockImplementation((_, signal) => {
    const code = codeOf(signal);
    if (code !== undefined) throw Object.assign(new Error(`kill ${code}`), { code });
    sent.push(signal);
    return true;
  });
  return sent;
}

it('says that processes of another user are left, such as those of sudo', async () => {
  failSignals(() => 'EPERM');
  expect(await endProcessGroup(5_000_000, 10, new ProcessTable())).toBe('this user may not end them');
});

it('says so also where the shell that started them could be ended', async () => {
  let isShellAlive = true;
  const sent = failSignals(signal => {
    if (signal === 'SIGTERM') isShellAlive = false;
    else if (!isShellAlive) return 'EPERM';
    return undefined;
  });
  expect(await endProcessGroup(5_000_000, 10, new ProcessTable())).toBe('this user may not end them');
  expect(sent).toEqual(['SIGTERM']);
});

it('ends nothing where there is nothing', async () => {
  failSignals(() => 'ESRCH');
  expect(await endProcessGroup(5_000_000, 10, new ProcessTable())).toBe('ended');
});
