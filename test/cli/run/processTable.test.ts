import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { mkdirSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { isSameStart, ProcessTable } from '../../../src/cli/run/processTable.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';

/** A group whose leader waits. */
async function sleeper() {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error('no process was started');
  const end = async () => {
    child.kill('SIGKILL');
    if (child.signalCode === null) await once(child, 'exit');
  };
  return { pid, end, [Symbol.asyncDispose]: end };
}

describe.runIf(process.platform === 'linux')('the table of processes', () => {
  it('tells processes apart where only processes are shown, as with ProcSubset=pid', async () => {
    using folder = temporaryFolder();
    await using process = await sleeper();
    symlinkSync(`/proc/${process.pid}`, join(folder.path, `${process.pid}`));
    const whole = new ProcessTable().startedAt(process.pid) ?? '';
    const part = new ProcessTable(folder.path).startedAt(process.pid) ?? '';
    expect(part).toMatch(/^\d+$/);
    expect(whole).toMatch(/^[0-9a-f-]{36} \d+$/);
    expect([isSameStart(whole, part), isSameStart(part, whole), isSameStart(part, '1')]).toEqual([true, true, false]);
    expect(
      isSameStart(
        whole,
        whole.replace(/^./, first => (first === '0' ? '1' : '0')),
      ),
    ).toBe(false);
  });

  it.each(['no /proc', 'a /proc that hides it'])('knows of a group with %s', async kind => {
    using folder = temporaryFolder();
    const place = join(folder.path, 'proc');
    if (kind !== 'no /proc') mkdirSync(place);
    const table = new ProcessTable(place);
    await using process = await sleeper();
    expect(table.startedAt(process.pid)).toBeNull();
    expect(await table.hasGroup(process.pid)).toBe(true);
    await process.end();
    expect(await table.hasGroup(process.pid)).toBe(false);
  });

  it('is read once for all groups that are asked about together', async () => {
    const read = vi.spyOn(fs, 'readdirSync');
    syncBuiltinESMExports();
    try {
      const table = new ProcessTable();
      await using one = await sleeper();
      await using other = await sleeper();
      const pids = Array.from({ length: 50 }, () => [one.pid, other.pid]).flat();
      expect(new Set(await Promise.all(pids.map(pid => table.hasGroup(pid))))).toEqual(new Set([true]));
      expect(read).toHaveBeenCalledTimes(1);
    } finally {
      read.mockRestore();
      syncBuiltinESMExports();
    }
  });
});
