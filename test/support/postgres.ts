import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import pg from 'pg';

/** A PostgreSQL server of a test's own, in a temporary folder, which is gone when it is disposed of. */
export interface TestPostgres extends AsyncDisposable {
  readonly port: number;
  /** The process that the others are children of; null while it does not run. */
  readonly pid: number | null;
  /** Makes an empty database; returns its address. */
  createDatabase(): Promise<string>;
  /** Ends the server at once, with every connection to it. */
  stop(): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
}

/** How a server runs. */
export interface TestPostgresOptions {
  /**
   * Whether commits wait for the disk, as in the field.
   *
   * @default false: tests kill programs, not machines
   */
  readonly fsync?: boolean;
  /**
   * The port of the server, or of a proxy to it, that it copies and then follows: it is a standby.
   *
   * @default a server of its own, without databases
   */
  readonly standbyOf?: number;
  /** More settings, such as `shared_buffers=1GB`. @default none */
  readonly settings?: readonly string[];
}

/** Where the programs are, and as whom they run: PostgreSQL refuses to be root. */
interface Installation {
  readonly binaries: string;
  readonly user: { readonly uid?: number; readonly gid?: number };
}

/** The folder of the test run, if this is one. */
const runFolder = process.env.TEST_RUN_FOLDER;

/** What is missing to start a PostgreSQL server, or null. */
export function missingPostgres(): string | null {
  return findInstallation().problem;
}

/** Starts a server. */
export async function startPostgres({
  fsync = false,
  standbyOf,
  settings: moreSettings = [],
}: TestPostgresOptions = {}): Promise<TestPostgres> {
  const found = findInstallation();
  if (found.problem !== null) throw new Error(found.problem);
  const { binaries, user } = found.installation;
  const folder = newFolder(found.installation);
  const data = join(folder, 'data');
  if (standbyOf === undefined) copyData(found.installation, data);
  else await copyServer(found.installation, standbyOf, data);
  const port = await freePort();
  let running: Awaited<ReturnType<typeof run>> | null = null;
  let databases = 0;

  async function run() {
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${port}`,
      `unix_socket_directories=${folder}`,
      `fsync=${fsync ? 'on' : 'off'}`,
      'max_connections=200',
      ...moreSettings,
    ];
    const args = ['-D', data, ...settings.flatMap(setting => ['-c', setting])];
    const child = spawn(join(binaries, 'postgres'), args, {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // Its signal for: end now, wait for nobody.
    const end = () => child.kill('SIGQUIT');
    process.once('exit', end);
    const ended = once(child, 'close').finally(() => process.off('exit', end));
    await new Promise<void>((resolve, reject) => {
      const lines: string[] = [];
      createInterface({ input: child.stderr }).on('line', line => {
        lines.push(line);
        if (/database system is ready to accept (read-only )?connections/.test(line)) resolve();
      });
      void ended.then(() => reject(new Error(`PostgreSQL did not start:\n${lines.join('\n')}`)));
    });
    return {
      pid: child.pid ?? null,
      async stop() {
        end();
        await ended;
      },
    };
  }

  async function stop(): Promise<void> {
    await running?.stop();
    running = null;
  }

  running = await run();
  return {
    port,
    get pid() {
      return running?.pid ?? null;
    },
    async createDatabase() {
      databases += 1;
      const name = `test${databases}`;
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    stop,
    async start() {
      running ??= await run();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Makes the data of a server. In a test run, where many are started, they are copies of the first one's. */
function copyData(installation: Installation, data: string): void {
  if (runFolder === undefined) {
    initialize(installation, data);
    return;
  }
  const template = join(runFolder, 'postgres');
  if (!isThere(template)) {
    const folder = newFolder(installation);
    initialize(installation, join(folder, 'data'));
    try {
      renameSync(folder, template);
    } catch (error) {
      // Another file of tests was faster.
      rmSync(folder, { recursive: true });
      if (!isThere(template)) throw error;
    }
  }
  execFileSync('cp', ['-R', join(template, 'data'), data], { ...installation.user, stdio: 'pipe' });
}

/** Copies the data of a server that runs, with the settings by which the copy follows it. */
async function copyServer({ binaries, user }: Installation, port: number, data: string): Promise<void> {
  const from = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres'];
  const args = [...from, '-D', data, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
  await promisify(execFile)(join(binaries, 'pg_basebackup'), args, { ...user, cwd: dirname(data) });
}

function initialize({ binaries, user }: Installation, data: string): void {
  const args = ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C'];
  execFileSync(join(binaries, 'initdb'), args, { ...user, cwd: dirname(data), stdio: 'pipe' });
}

/** A temporary folder of the user that PostgreSQL runs as. */
function newFolder({ user }: Installation): string {
  const folder = mkdtempSync(join(runFolder ?? tmpdir(), 'xstate-dispatch-postgres-'));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
  return folder;
}

/** A temporary folder for a program beside PostgreSQL, and the user to run it as. */
export function newPostgresFolder(): { readonly folder: string; readonly user: Installation['user'] } {
  const { installation, problem } = findInstallation();
  if (problem !== null) throw new Error(problem);
  return { folder: newFolder(installation), user: installation.user };
}

type Found =
  | { readonly problem: string; readonly installation?: undefined }
  | { readonly problem: null; readonly installation: Installation };

function findInstallation(): Found {
  const binaries = [...debianFolders(), ...(process.env.PATH ?? '').split(delimiter)].find(folder =>
    ['initdb', 'pg_basebackup', 'postgres'].every(name => isThere(join(folder, name))),
  );
  if (binaries === undefined) return { problem: 'needs a PostgreSQL server: the package postgresql' };
  if (process.getuid?.() !== 0) return { problem: null, installation: { binaries, user: {} } };
  try {
    const id = (option: string) =>
      Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));
    return { problem: null, installation: { binaries, user: { uid: id('-u'), gid: id('-g') } } };
  } catch {
    return { problem: 'runs as root, and there is no user postgres to run PostgreSQL as' };
  }
}

/** Debian keeps the programs of each version apart and out of the path. Newest first. */
function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!isThere(root)) return [];
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map(version => join(root, version, 'bin'));
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A port of loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
