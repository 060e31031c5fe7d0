import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of its own that has the file of a store open. */
export interface StoreProcess extends AsyncDisposable {
  readonly pid: number;
  kill(): Promise<void>;
}

/** Starts a process that opens the store of a file for microgrid 1 and keeps it open until it is killed. */
export async function forkStore(path: string): Promise<StoreProcess> {
  const store = fileURLToPath(new URL('../../src/store/sqliteStore.ts', import.meta.url));
  const program = `
    import { sqliteStore } from ${JSON.stringify(store)};
    await sqliteStore(${JSON.stringify(path)}).open({ microgridId: 1 });
    console.log('open');
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, kill, [Symbol.asyncDispose]: kill };
}
