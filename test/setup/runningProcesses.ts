import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process of the machine. */
export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * The processes that descend from a test run: those with its folder in their environment or as their working folder
 * (PostgreSQL overwrites its environment). Only Linux tells; elsewhere there are none.
 *
 * @param runner the process of the test runner. It and its children, which run the tests, are left out
 */
export function runningProcesses(folder: string, runner: number): RunningProcess[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && pid !== runner)
    .flatMap(pid => {
      const command = read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
      const environment = read(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
      const cwd = read(() => readlinkSync(`/proc/${pid}/cwd`));
      const descends = environment.includes(`TEST_RUN_FOLDER=${folder}`) || cwd.startsWith(folder);
      return descends && command !== '' && parentOf(pid) !== runner ? [{ pid, command }] : [];
    });
}

function parentOf(pid: number): number {
  const status = read(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]);
}

/** Processes end while they are looked at, and those of other users cannot be read. */
function read(file: () => string): string {
  try {
    return file();
  } catch {
    return '';
  }
}
