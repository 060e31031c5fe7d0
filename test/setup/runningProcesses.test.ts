import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { runningProcesses } from './runningProcesses.js';

it.runIf(process.platform === 'linux').each([
  ['environment', (folder: string) => ({ env: { ...process.env, TEST_RUN_FOLDER: folder } })],
  ['working folder', (folder: string) => ({ env: {}, cwd: folder })],
])('a process of a test run is known by its %s, until it ends', async (_, options) => {
  using folder = temporaryFolder();
  const child = spawn(process.execPath, ['--eval', 'console.log(); setInterval(() => {}, 60_000)'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options(folder.path),
  });
  await once(child.stdout, 'data');
  const pids = (runner: number) => runningProcesses(folder.path, runner).map(({ pid }) => pid);
  expect(pids(0)).toEqual([child.pid]);
  expect(pids(process.pid)).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(pids(0)).toEqual([]);
});
