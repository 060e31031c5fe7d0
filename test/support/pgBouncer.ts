import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describeWith } from './describeWith.js';
import { freePort, missingPostgres, newPostgresFolder, type TestPostgres } from './postgres.js';
import { missingProgram } from './programs.js';

/** A PgBouncer of a test's own, in transaction mode, in front of a PostgreSQL server. */
export interface TestPgBouncer extends AsyncDisposable {
  /** The address of a database of the server, through the pooler. */
  through(database: string): string;
}

/** What is missing to start a pooler, or null. */
export function missingPgBouncer(): string | null {
  return missingPostgres() ?? missingProgram('pgbouncer');
}

/** A `describe` of tests that need PostgreSQL and PgBouncer to be installed ({@link describeWith}). */
export function describeWithPgBouncer(name: string, tests: () => void): void {
  describeWith(missingPgBouncer(), name, tests);
}

/** Starts a pooler. With further lines of its settings, if there are any. */
export async function startPgBouncer(postgres: TestPostgres, ...settings: readonly string[]): Promise<TestPgBouncer> {
  const { folder, user } = newPostgresFolder();
  const port = await freePort();
  const users = join(folder, 'users.txt');
  writeFileSync(users, '"postgres" ""\n');
  const file = join(folder, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `* = host=127.0.0.1 port=${postgres.port}`,
    '[pgbouncer]',
    'pool_mode = transaction',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${users}`,
    'max_client_conn = 500',
    ...settings,
  ];
  writeFileSync(file, lines.join('\n'));
  const child = spawn('pgbouncer', [file], { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const ended = once(child, 'close').finally(() => process.off('exit', end));
  await new Promise<void>((resolve, reject) => {
    const said: string[] = [];
    createInterface({ input: child.stderr }).on('line', line => {
      said.push(line);
      if (line.includes('process up')) resolve();
    });
    void ended.then(() => reject(new Error(`PgBouncer did not start:\n${said.join('\n')}`)));
  });
  return {
    through(database) {
      const url = new URL(database);
      url.port = String(port);
      return url.href;
    },
    async [Symbol.asyncDispose]() {
      end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
