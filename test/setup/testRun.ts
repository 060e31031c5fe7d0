import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runningProcesses } from './runningProcesses.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Prepares what all test files share: the compiled programs, and a folder that processes of this run are known by. */
export function setup(): void {
  compile();
  const folder = mkdtempSync(join(tmpdir(), 'xstate-dispatch-tests-'));
  // PostgreSQL runs as another user, and keeps its data in it.
  chmodSync(folder, 0o711);
  process.env.TEST_RUN_FOLDER = folder;
}

/**
 * Removes what the test files shared.
 *
 * @throws Error when processes are left that tests have started; they are ended.
 */
export async function teardown(): Promise<void> {
  const folder = process.env.TEST_RUN_FOLDER;
  if (folder === undefined) return;
  // What was killed takes a moment to be gone.
  let left = runningProcesses(folder, process.pid);
  for (let turn = 0; turn < 50 && left.length > 0; turn += 1) {
    await setTimeout(100);
    left = runningProcesses(folder, process.pid);
  }
  for (const { pid } of left) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  if (left.length === 0) return;
  // It would be printed only, and the run succeed.
  process.exitCode = 1;
  throw new Error(`tests left processes behind:\n${left.map(({ pid, command }) => `${pid} ${command}`).join('\n')}`);
}

/** Compiles everything that tests run in processes of their own; types are checked elsewhere. */
function compile(): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const incremental = ['--incremental', '--tsBuildInfoFile', join(root, 'build/tests.tsbuildinfo')];
  execFileSync(process.execPath, [tsc, '-p', 'test/tsconfig.build.json', '--noCheck', ...incremental], {
    cwd: root,
    stdio: 'inherit',
  });
  // Compiled programs that import the package by its name get the compiled package.
  const manifest = readFileSync(join(root, 'package.json'), 'utf8');
  writeFileSync(join(root, 'build/package.json'), manifest.replaceAll('"./dist/', '"./'));
}
