import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { dispatchProgram } from './startCli.js';

/** What waits for something that does not come is ended, and then told. */
const LIMIT_MS = 240_000;
const PORTS = /\b(50051|50052|9464|8080|8081)\b/g;

/** A page of docs whose commands can be run. */
export interface PageCommands {
  readonly text: string;
  /** The blocks of commands, in order. */
  readonly blocks: readonly string[];
  /**
   * Runs the blocks one after the other in one shell, which ends with the first command that fails; with ports that nobody has in place of those that
   * the page names.
   *
   * @returns what each block printed.
   */
  run(folder: string, variables?: Readonly<Record<string, string>>): Promise<string[]>;
}

/** The commands of a page, by its name in docs: those of its blocks `sh run`. */
export function pageCommands(name: string): PageCommands {
  const text = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```sh run\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return {
    text,
    blocks,
    async run(folder, variables = {}) {
      const path = [commandFolder(folder), process.env.PATH].join(delimiter);
      return runBlocks(await withFreePorts(blocks), folder, { PATH: path, ...variables });
    },
  };
}

/** The objects among the lines of what was printed. */
export function jsonLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter(line => line.startsWith('{'));
  return lines.map(line => JSON.parse(line));
}

/** The command as its users have it: a program named `dispatch`. */
function commandFolder(folder: string): string {
  const path = join(folder, 'dispatch');
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${dispatchProgram}' "$@"\n`);
  chmodSync(path, 0o755);
  return folder;
}

async function withFreePorts(commands: readonly string[]): Promise<string[]> {
  // That of a service that is not told where to listen.
  const named = commands.map(command =>
    command.replace(/^dispatch serve (?!.*--listen)/gm, '$&--listen 127.0.0.1:50051 '),
  );
  const ports = new Map<string, number>();
  const servers = [];
  for (const port of new Set(named.join('').match(PORTS))) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    ports.set(port, (server.address() as AddressInfo).port);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return named.map(command => command.replace(PORTS, port => `${ports.get(port)}`));
}

async function runBlocks(
  commands: readonly string[],
  folder: string,
  variables: Record<string, string>,
): Promise<string[]> {
  const MARK = '--- next block ---';
  const script = ['set -euo pipefail', ...commands.map(block => `echo '${MARK}'\n${block}`)].join('\n');
  const env = { HOME: folder, NO_COLOR: '1', ...variables };
  // A group of its own, so that what it leaves behind can be ended with it.
  const child = spawn('bash', ['-c', script], { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const killAll = () => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  process.once('exit', killAll);
  const late = setTimeout(killAll, LIMIT_MS);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', data => {
    stdout += data;
  });
  child.stderr.on('data', data => {
    stderr += data;
  });
  const [code] = await once(child, 'exit');
  clearTimeout(late);
  killAll();
  process.off('exit', killAll);
  if (code !== 0) throw new Error(`the commands ended with ${code}:\n${stdout}\n${stderr}\n${logsIn(folder)}`);
  return stdout.split(`${MARK}\n`).slice(1);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nothing is left of it.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function logsIn(folder: string): string {
  const logs = readdirSync(folder).filter(name => /\.(log|jsonl)$/.test(name));
  return logs.map(name => `${name}:\n${readFileSync(join(folder, name), 'utf8')}`).join('\n');
}
