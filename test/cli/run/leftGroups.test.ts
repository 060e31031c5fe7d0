import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LeftGroups } from '../../../src/cli/run/leftGroups.js';
import { ProcessTable } from '../../../src/cli/run/processTable.js';
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
    const groups = new LeftGroups(file, say);
    await Promise.all([both, orphaned].map(({ pid }) => groups.add(pid)));
    // The second ends by itself before the next follow.
    await orphaned.ended;
    const left = await new LeftGroups(file, say).endLeft(5_000);
    expect(left).toEqual([{ pid: both.pid, end: 'ended' }]);
    expect(await both.ended).toEqual([null, 'SIGTERM']);
    expect(existsSync(file)).toBe(false);
  });

  it('are not mistaken for a process that got the same id', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'groups');
    const stranger = await leader('echo; exec sleep 1000');
    const groups = [{ pid: stranger.pid, startedAt: 'another boot 1' }];
    writeFileSync(file, JSON.stringify({ formatVersion: 1, groups }));
    expect(await new LeftGroups(file, say).endLeft(100)).toEqual([]);
    expect(new ProcessTable().startedAt(stranger.pid)).not.toBeNull();
    process.kill(-stranger.pid, 'SIGKILL');
    await stranger.ended;
  });

  it.each([
    ['', 'it is empty'],
    ['text', 'its content is damaged'],
    ['null', 'its content is damaged'],
    ['{"formatVersion":2,"groups":[]}', 'its format is 2, not 1'],
    ['{"formatVersion":1}', 'its content is damaged'],
    ['{"formatVersion":1,"groups":[null]}', 'its content is damaged'],
    // Signals to these would go to the own group, and to every process.
    ['{"formatVersion":1,"groups":[{"pid":0,"startedAt":"x"}]}', 'its content is damaged'],
    ['{"formatVersion":1,"groups":[{"pid":1,"startedAt":"x"}]}', 'its content is damaged'],
  ])('are a problem where the file holds %j, which is put aside', async (content, reason) => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'groups');
    writeFileSync(file, content);
    const said: string[] = [];
    expect(await new LeftGroups(file, line => said.push(line)).endLeft(100)).toEqual([]);
    expect(said).toEqual([
      `problem: cannot read ${file}, which tells what a killed follow left behind: ${reason} (it is kept as ${file}.damaged). ` +
        'Commands that were left behind may still run',
    ]);
    expect([existsSync(file), readFileSync(`${file}.damaged`, 'utf8')]).toEqual([false, content]);
  });

  it('are noted together where many are started at once', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'groups');
    const groups = new LeftGroups(file, say);
    const pids = Array.from({ length: 500 }, (_, index) => 5_000_000 + index);
    await Promise.all(pids.map(pid => groups.add(pid)));
    const noted = JSON.parse(readFileSync(file, 'utf8')).groups as { pid: number }[];
    expect(noted.map(({ pid }) => pid)).toEqual(pids);
    for (const pid of pids) groups.delete(pid);
    await groups.whenEmpty();
    expect(existsSync(file)).toBe(false);
  });

  it('are told of once where they cannot be noted', async () => {
    const said: string[] = [];
    const groups = new LeftGroups('/nowhere/groups', line => said.push(line));
    await groups.add(5_000_000);
    await groups.add(5_000_001);
    expect(said).toEqual([expect.stringContaining('cannot write /nowhere/groups')]);
  });
});
