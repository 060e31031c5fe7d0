import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { type DispatchService, startDispatchService } from '../../src/service/startDispatchService.js';
import { startCli } from '../support/runCli.js';

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
  // What it announced within its last second it may have forgotten.
  if (lines[0]?.id === next.id) lines.shift();
  expect(lines).toEqual([
    expect.objectContaining({ notification: 'running.started', id: last.id, cause: 'schedule', type: 'C' }),
  ]);
  expect((await second.stop()).code).toBe(0);

  await using third = startCli(args);
  expect(await third.line('stderr')).toBe('restored 3 dispatches from the store');
  expect(await third.stop()).toMatchObject({ code: 0, stdout: '' });
});

it('follow --store tells in one line that another process has the file', async () => {
  const args = ['follow', '1', '--store', path, '--url', service.address];
  await using first = startCli(args);
  await first.line('stderr');
  expect(await startCli(args).ended).toEqual({
    code: 1,
    stdout: '',
    stderr: `error: ${path} is in use by another process\n`,
  });
});

it('follow --store without a file is a wrong command line', async () => {
  const { code, stderr } = await startCli(['follow', '1', '--store', '']).ended;
  expect(code).toBe(2);
  expect(stderr).toContain('--store');
});
