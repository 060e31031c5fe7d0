import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compiledFolder, compiledModule } from '../../support/compiled.js';
import { askedProcess } from '../askedProcess.js';
import type { ProbeTasks } from './serviceProbe.js';

/** How a service of the fleet is started. */
export interface FleetServiceOptions {
  readonly database: string;
  /** The file of its keys. */
  readonly keys: string;
  /** Where its log goes. */
  readonly folder: string;
}

/** One of the services of a fleet. */
export interface FleetService extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** The memory that it takes, in bytes, without garbage. */
  memory(): Promise<number>;
  /** Kills it. */
  kill(): Promise<void>;
}

const program = compiledModule('src/cli/main.ts');
const probe = fileURLToPath(new URL('serviceProbe.js', import.meta.url));
let started = 0;

/** Starts the `serve` command with its usual limits and log. */
export async function startFleetService({ database, keys, folder }: FleetServiceOptions): Promise<FleetService> {
  started += 1;
  const logFile = join(folder, `service${started}.log`);
  const log = openSync(logFile, 'w');
  const args = ['serve', '--database', database, '--listen', '127.0.0.1:0', '--keys', keys, '--json'];
  const child = spawn(process.execPath, ['--expose-gc', '--import', probe, program, ...args], {
    cwd: compiledFolder,
    stdio: ['ignore', 'pipe', log, 'ipc'],
  });
  closeSync(log);
  const ended = once(child, 'exit');
  const asked = askedProcess<ProbeTasks>(child);
  const { stdout } = child;
  if (stdout === null) throw new Error('the output of a service is not piped');
  const line = await Promise.race([once(createInterface({ input: stdout }), 'line'), ended.then(() => null)]);
  if (line === null) throw new Error(`a service did not start:\n${readFileSync(logFile, 'utf8')}`);
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return {
    pid: asked.pid,
    port: JSON.parse(String(line[0])).port,
    memory: async () => (await asked.ask('memory')).rss,
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
