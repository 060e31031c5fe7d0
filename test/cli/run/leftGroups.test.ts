import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processStartedAt } from '../../../src/cli/exec/processGroup.js';
import { LeftGroups } from '../../../src/cli/run/leftGroups.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';

/** A process that leads a group of its own. */
async function leader(script: string) {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const { pid } = child;
  if (pid === undefined) throw new Error('no process was started');
  return { child, pid, ended: once(child, 'exit') };
}

const say = (line: string) => expect.fail(line);

describe.runIf(process.platform === 'linux')('the groups that a killed follow left behind', () => {
  it('are ended, also when their leader is gone', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'groups');
    const both = await leader("sh -c 'echo; exec sleep 1000' & sleep 1000");
    const orphaned = await leader('echo; read -r line');
    const startedAt = (pid: number) => processStartedAt(pid) ?? '';
    const groups = new LeftGroups(file, say);
    for (const { pid } of [both, orphaned]) groups.add({ pid, startedAt: startedAt(pid) });
    // The second ends by itself before the next follow.
    await orphaned.ended;
    const left = await new LeftGroups(file, say).endLeft(5_000);
    expect(left.map(({ pid }) => pid)).toEqual([both.pid]);
    expect(await both.ended).toEqual([null, 'SIGTERM']);
    expect(existsSync(file)).toBe(false);
  });

  it('are not mistaken for a process that got the same id', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'groups');
    const stranger = await leader('echo; exec sleep 1000');
    new LeftGroups(file, say).add({ pid: stranger.pid, startedAt: 'another boot 1' });
    expect(await new LeftGroups(file, say).endLeft(100)).toEqual([]);
    expect(processStartedAt(stranger.pid)).not.toBeNull();
    process.kill(-stranger.pid, 'SIGKILL');
    await stranger.ended;
  });

  it.each([
    ['text', 'cannot read'],
    ['{"formatVersion":2,"groups":[]}', 'its format is 2, not 1'],
  ])('are refused where the file is %s, which stays', async (content, message) => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'groups');
    writeFileSync(file, content);
    await expect(new LeftGroups(file, say).endLeft(100)).rejects.toThrow(message);
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  it('are told of where they cannot be noted', () => {
    const said: string[] = [];
    const groups = new LeftGroups('/nowhere/groups', line => said.push(line));
    groups.add({ pid: 1, startedAt: '' });
    expect(said).toEqual([expect.stringContaining('cannot write /nowhere/groups')]);
  });
});
