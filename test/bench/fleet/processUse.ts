import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second, in which Linux tells processor times. */
const TICKS_PER_SECOND = 100;

/** The processor time that processes have used, by name: in milliseconds; null where the system does not tell. */
export type ProcessorTimes = Readonly<Record<string, number | null>>;

/** Reads the processor time of processes, with that of all their children. */
export function processorTimes(pids: Readonly<Record<string, number>>): ProcessorTimes {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, processorMs(pid)]));
}

/** The share of one core that was used between two readings, by name. */
export function processorShares(before: ProcessorTimes, after: ProcessorTimes, tookMs: number): ProcessorTimes {
  return Object.fromEntries(
    Object.entries(after).map(([name, ms]) => {
      const from = before[name];
      return [name, ms === null || from === null || from === undefined ? null : (ms - from) / tookMs];
    }),
  );
}

/** The memory of a process and its children in bytes, what they share counted once; null where the system does not tell. */
export function memoryOf(pid: number): number | null {
  try {
    const all = [pid, ...childrenOf(pid)].map(each => {
      const [, kB] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'utf8')) ?? [];
      return Number(kB) * 1_024;
    });
    return all.reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    return null;
  }
}

function processorMs(pid: number): number | null {
  try {
    // Its own, and that of its children: of those that have ended it keeps the sum itself.
    const own = ticks(pid, 4);
    const living = childrenOf(pid).reduce((sum, child) => sum + ticks(child, 2), 0);
    return ((own + living) * 1_000) / TICKS_PER_SECOND;
  } catch {
    return null;
  }
}

/** The sum of so many fields of `/proc/PID/stat` from the processor time in user mode on. */
function ticks(pid: number, fields: number): number {
  return statOf(pid)
    .slice(11, 11 + fields)
    .reduce((sum, field) => sum + Number(field), 0);
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(each => {
      try {
        return Number(statOf(each)[1]) === pid;
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
}

/** The fields of `/proc/PID/stat` after the name, which may hold anything. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
