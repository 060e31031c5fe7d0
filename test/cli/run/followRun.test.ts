import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DispatchClient } from '../../../src/client/dispatchClient.js';
import { type DispatchService, startDispatchService } from '../../../src/service/startDispatchService.js';
import { runCli } from '../../support/runCli.js';
import { type RunningCli, startCli } from '../../support/startCli.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';

let service: DispatchService;
let client: DispatchClient;

beforeAll(async () => {
  service = await startDispatchService();
  client = new DispatchClient({ address: service.address });
});

afterAll(async () => {
  client.close();
  await service.stop();
});

/** Starts `follow --run`, and waits until it is live. */
async function follow(microgridId: number, command: string, ...more: string[]): Promise<RunningCli> {
  const args = ['follow', `${microgridId}`, '--run', command, '--url', service.address, ...more];
  const following = startCli(args);
  await lineWith(following, `following microgrid ${microgridId}`);
  return following;
}

/** The next line on stderr that holds a text. */
async function lineWith(following: RunningCli, text: string): Promise<string> {
  for (;;) {
    const line = await following.line('stderr');
    if (line.includes(text)) return line;
  }
}

const create = (microgridId: number, kw: number, dryRun = false) =>
  client.create({
    microgridId,
    type: 'CHARGE',
    startTime: 'NOW',
    durationMs: null,
    selector: { ids: [5] },
    payload: { kw },
    dryRun,
  });

/** Whether a process exists and has not ended. */
const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
const pidIn = (line: string) => Number(/pid (\d+)/.exec(line)?.[1]);

/** A command that prints what it reads, and that it was told to end; with a process of its own in the background. */
const charger = `sleep 1000 & echo "pid $!"; trap 'echo told to end; exit 0' TERM; while read -r line; do echo "$line"; done; wait`;

describe.concurrent('follow --run', () => {
  it.runIf(process.platform === 'linux')(
    'keeps a command running, tells it of changes, and ends it with what it started',
    async () => {
      const { id } = await create(1, 5);
      await using following = await follow(1, charger);
      const child = pidIn(await lineWith(following, `[${id}] pid`));
      const first = JSON.parse((await lineWith(following, `[${id}] {`)).slice(`[${id}] `.length));
      expect(first).toEqual({
        id,
        ids: [id],
        microgridId: 1,
        type: 'CHARGE',
        selector: { ids: [5] },
        payload: { kw: 5 },
        dryRun: false,
        untilMs: null,
        identity: `${id}`,
      });
      await client.forMicrogrid(1).update(id, { payload: { kw: 8 } });
      expect(JSON.parse((await lineWith(following, '"kw":8')).slice(`[${id}] `.length)).payload).toEqual({ kw: 8 });
      expect(isAlive(child)).toBe(true);
      await client.forMicrogrid(1).update(id, { active: false });
      await lineWith(following, `[${id}] told to end`);
      // Not by expect.poll(), which loses its test where several run at once.
      await vi.waitFor(() => expect(isAlive(child)).toBe(false), { timeout: 20_000 });
      expect((await following.stop()).code).toBe(0);
    },
  );

  it('starts a command again that fails; one that has done its work only at the next change', async () => {
    using folder = temporaryFolder();
    const mark = join(folder.path, 'mark');
    const { id } = await create(2, 1);
    const command = `echo "started, pid $$"; [ -e ${mark} ] && exit 0; touch ${mark}; exit 3`;
    await using following = await follow(2, command, '--retry', '1s');
    expect(await lineWith(following, 'problem')).toBe(
      `problem: the command of dispatch ${id} ended with exit code 3; next attempt in 1s`,
    );
    const pid = pidIn(await lineWith(following, `[${id}] started`));
    // What comes before its end is for it.
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
    await client.forMicrogrid(2).update(id, { payload: { kw: 2 } });
    await lineWith(following, `[${id}] started`);
    const { code, stderr } = await following.stop();
    expect(code).toBe(0);
    expect(stderr.match(/\] started/g)).toHaveLength(3);
    expect(stderr.match(/exit code/g)).toHaveLength(1);
  });

  it('starts a command again that ends with 0 while it was sent a change that it could not read', async () => {
    using folder = temporaryFolder();
    const mark = join(folder.path, 'mark');
    const { id } = await create(7, 1);
    const command = `exec <&-; echo "for $DISPATCH_PAYLOAD"; until [ -e ${mark} ]; do sleep 0.1; done`;
    await using following = await follow(7, command, '--json');
    await lineWith(following, `[${id}] for {"kw":1}`);
    await client.forMicrogrid(7).update(id, { payload: { kw: 2 } });
    while (!(await following.line()).includes('running.reconfigured'));
    writeFileSync(mark, '');
    await lineWith(following, `[${id}] for {"kw":2}`);
    expect((await following.stop()).code).toBe(0);
  });

  it('kills what ignores SIGTERM after the grace, and waits for it at its own end', async () => {
    const { id } = await create(3, 1);
    await using following = await follow(
      3,
      `trap '' TERM; echo "pid $$"; while :; do sleep 1; done`,
      '--stop-grace',
      '1s',
    );
    const pid = pidIn(await lineWith(following, `[${id}] pid`));
    expect((await following.stop('SIGTERM')).code).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  it('kills its commands at once at a second signal, and ends as that one ends a process', async () => {
    const { id } = await create(8, 1);
    await using following = await follow(8, `trap 'echo asked' TERM; echo "pid $$"; while :; do sleep 0.1; done`);
    const pid = pidIn(await lineWith(following, `[${id}] pid`));
    following.kill('SIGTERM');
    await lineWith(following, `[${id}] asked`);
    expect(isAlive(pid)).toBe(true);
    expect((await following.stop('SIGTERM')).code).toBeNull();
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
  });

  it('starts nothing when it is told to end while it ends what a killed one left behind', async () => {
    using folder = temporaryFolder();
    const store = join(folder.path, 'store.db');
    const starts = join(folder.path, 'starts');
    const { id } = await create(9, 1);
    // Its stdout and stderr are closed when follow is killed.
    const stubborn = `trap 'echo asked >> ${starts}' TERM; echo "pid $$"; exec >/dev/null 2>&1; echo started >> ${starts}; while :; do sleep 0.1; done`;
    let left: number;
    {
      await using killed = await follow(9, stubborn, '--store', store);
      left = pidIn(await lineWith(killed, `[${id}] pid`));
      await killed.stop('SIGKILL');
    }
    const args = ['--store', store, '--stop-grace', '2s', '--url', service.address];
    await using following = startCli(['follow', '9', '--run', stubborn, ...args]);
    await vi.waitFor(() => expect(readFileSync(starts, 'utf8')).toContain('asked'), { timeout: 20_000 });
    expect((await following.stop()).code).toBe(0);
    expect(isAlive(left)).toBe(false);
    expect(readFileSync(starts, 'utf8')).toBe('started\nasked\n');
  });

  it('runs nothing for a dry run unless it is told to, and says what it would run', async () => {
    const { id } = await create(4, 1, true);
    await using careful = await follow(4, 'echo "dry $DISPATCH_DRY_RUN"; read -r a; read -r b');
    await using bold = await follow(4, 'echo "dry $DISPATCH_DRY_RUN"; read -r a; read -r b', '--dry-runs');
    await lineWith(bold, `[${id}] dry true`);
    const { code, stderr } = await careful.stop();
    expect(code).toBe(0);
    expect(stderr).toContain(`dry run of dispatch ${id}: would run echo "dry`);
    expect(stderr).not.toContain('[');
    expect((await bold.stop()).code).toBe(0);
  });

  it('runs one command for all dispatches of a type with --merge type, and hands over', async () => {
    const first = await create(5, 1);
    await using following = await follow(5, 'while read -r line; do echo "$line"; done', '--merge', 'type');
    await lineWith(following, '"kw":1');
    const second = await create(5, 2);
    expect(await lineWith(following, '"kw":2')).toContain(`"ids":[${first.id},${second.id}]`);
    await client.forMicrogrid(5).delete(second.id);
    expect(await lineWith(following, '"kw":1')).toContain(`"ids":[${first.id}]`);
    expect((await following.stop()).code).toBe(0);
  });

  it.runIf(process.platform === 'linux')(
    'ends what a killed follow left behind before it starts anything',
    async () => {
      using folder = temporaryFolder();
      const store = join(folder.path, 'store.db');
      const { id } = await create(6, 1);
      // It ignores the end of its stdin, as it should not.
      const stubborn = 'echo "pid $$"; while :; do sleep 1; done';
      let left: number;
      {
        await using killed = await follow(6, stubborn, '--store', store);
        left = pidIn(await lineWith(killed, `[${id}] pid`));
        await killed.stop('SIGKILL');
      }
      expect(isAlive(left)).toBe(true);
      await using following = startCli(['follow', '6', '--run', stubborn, '--store', store, '--url', service.address]);
      expect(await lineWith(following, 'ended process group')).toContain(
        `${left}, which a killed follow had left behind`,
      );
      expect(isAlive(left)).toBe(false);
      const next = pidIn(await lineWith(following, `[${id}] pid`));
      expect((await following.stop()).code).toBe(0);
      expect(isAlive(next)).toBe(false);
      expect(existsSync(`${store}.commands`)).toBe(false);
    },
  );

  it.each([
    [['--exec', 'a', '--run', 'b'], '--exec and --run cannot be used together'],
    [['--run', 'a', '--retry', '25d'], "'--retry <duration>' argument '25d' is invalid. It must be from 1s to 24 days"],
    [['--run', 'a', '--merge', 'all'], 'It must be one of type, type-and-selector'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await runCli(['follow', '1', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
