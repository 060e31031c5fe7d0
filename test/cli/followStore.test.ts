import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { type DispatchService, startDispatchService } from '../../src/service/startDispatchService.js';
import { runCli } from '../support/runCli.js';
import { startCli } from '../support/startCli.js';
import { tcpProxy } from '../support/tcpProxy.js';

let folder: string;
let path: string;
let service: DispatchService;

beforeEach(async () => {
  service = await startDispatchService();
  folder = await mkdtemp(join(tmpdir(), 'follow-'));
  path = join(folder, 'dispatches.db');
});

afterEach(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

it('follow --store carries on after kill -9, with the service down, and repeats nothing', async () => {
  await using client = new DispatchClient({ address: service.address });
  const microgrid = client.forMicrogrid(1);
  const selector = { ids: [1] };
  const inSeconds = (seconds: number) => new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000);
  const args = ['follow', '1', '--json', '--store', path, '--url', service.address];

  await using first = startCli(args);
  await first.line('stderr');
  const running = await microgrid.create({ type: 'A', startTime: 'NOW', durationMs: null, selector });
  expect(JSON.parse(await first.line())).toMatchObject({ notification: 'running.started', id: running.id });
  const next = await microgrid.create({ type: 'B', startTime: inSeconds(3), durationMs: 3_600_000, selector });
  const last = await microgrid.create({ type: 'C', startTime: inSeconds(7), durationMs: 3_600_000, selector });
  // By now what was announced before is more than a second old.
  expect(JSON.parse(await first.line())).toMatchObject({ notification: 'running.started', id: next.id });
  await first.stop('SIGKILL');
  await service.stop();

  await using second = startCli(args);
  expect(await second.line('stderr')).toBe('restored 3 dispatches from the store');
  const lines: { id: number }[] = [];
  while (lines.at(-1)?.id !== last.id) lines.push(JSON.parse(await second.line()));
  const line = (of: object) => expect.objectContaining(of);
  // What it announced within its last second it may have forgotten, and announces again.
  expect(lines).toEqual([
    line({ notification: 'running.resumed', id: running.id, cause: 'restore' }),
    line({ notification: expect.stringMatching(/^running\.(resumed|started)$/), id: next.id }),
    line({ notification: 'running.started', id: last.id, cause: 'schedule', type: 'C' }),
  ]);
  expect((await second.stop()).code).toBe(0);

  await using third = startCli(args);
  expect(await third.line('stderr')).toBe('restored 3 dispatches from the store');
  const resumed = [await third.line(), await third.line(), await third.line()].map(text => JSON.parse(text));
  expect(resumed).toEqual([running, next, last].map(({ id }) => line({ notification: 'running.resumed', id })));
  expect((await third.stop()).code).toBe(0);
});

it('follow --store waits for a file that another process has: connects to nothing, and says so once', async () => {
  await using client = new DispatchClient({ address: service.address });
  const { id } = await client.create({ microgridId: 1, type: 'A', startTime: 'NOW', selector: { ids: [1] } });
  const args = ['follow', '1', '--json', '--store', path, '--exec', 'echo "$DISPATCH_NOTIFICATION"'];
  await using first = startCli([...args, '--url', service.address]);
  await first.line('stderr');
  await using proxy = await tcpProxy(service.port);
  await using second = startCli([...args, '--url', `grpc://127.0.0.1:${proxy.port}?ssl=false`]);
  expect(await second.line('stderr')).toBe(`${path} is in use by another process: waiting until it is free`);
  await using interrupted = startCli([...args, '--url', service.address]);
  await interrupted.line('stderr');
  expect(await interrupted.stop()).toMatchObject({ code: 0, stdout: '' });
  expect(proxy.openedCount).toBe(0);
  await first.stop();
  expect(await second.line('stderr')).toBe('restored 1 dispatch from the store');
  expect(JSON.parse(await second.line())).toMatchObject({ notification: 'running.resumed', id, cause: 'restore' });
  expect((await second.stop()).stderr).toContain('running.resumed');
});

it('follow --store refuses a file in a folder that does not exist', async () => {
  const file = join(folder, 'none', 'dispatches.db');
  const { code, stderr } = await runCli(['follow', '1', '--store', file, '--url', service.address]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `error: --store: cannot open ${file}: there is no folder ${join(folder, 'none')}\n`,
  });
});

it('follow --store refuses a text, which is no store that was damaged, and leaves nothing beside it', async () => {
  const file = join(folder, 'keys.json');
  await writeFile(file, '{ "keys": [] }');
  const { code, stderr } = await runCli(['follow', '1', '--store', file, '--url', service.address]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `error: cannot open ${file}: it is no database, and is left unchanged\n`,
  });
  expect(await readdir(folder)).toEqual(['keys.json']);
});

it('follow --store goes on beside a store whose header is damaged', async () => {
  await writeFile(path, Buffer.alloc(4096));
  await using follow = startCli(['follow', '1', '--store', path, '--url', service.address]);
  expect(await follow.line('stderr')).toContain(`it is left unchanged, and ${path}.1 is used instead`);
  expect((await follow.stop()).code).toBe(0);
});

it('follow --store without a file is a wrong command line', async () => {
  const { code, stderr } = await runCli(['follow', '1', '--store', '']);
  expect(code).toBe(2);
  expect(stderr).toContain('--store');
});
