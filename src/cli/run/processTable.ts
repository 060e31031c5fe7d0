import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';

import { signalProcessGroup } from '../exec/processGroup.js';

/** Time in milliseconds after which reading the table yields to other work. */
const sliceMs = 4;
/** Wait between two readings of the table, as a multiple of the duration of the last one. */
const restFactor = 10;

/**
 * The processes of the system. Of Linux it reads `/proc`, of which a hardened unit or container may hide parts: all of `/proc/sys`, and
 * processes of other users.
 */
export class ProcessTable {
  readonly #folder: string;
  #reading: Promise<ReadonlyMap<number, boolean>> | undefined;

  /** @param folder Where `proc(5)` is mounted. @default '/proc' */
  constructor(folder = '/proc') {
    this.#folder = folder;
  }

  /**
   * When a process was started, in the words of the system, which tell it from another one that gets the same id later; null when
   * there is none, or it is hidden. Linux counts from the boot, so the boot is part of it where it can be read.
   */
  startedAt(pid: number): string | null {
    if (process.platform !== 'linux') {
      return textOf(() => execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }));
    }
    const ticks = this.#statOf(pid)?.[19];
    if (ticks === undefined) return null;
    const boot = textOf(() => readFileSync(`${this.#folder}/sys/kernel/random/boot_id`, 'utf8'));
    return boot === null ? ticks : `${boot} ${ticks}`;
  }

  /**
   * Whether a group has processes that have not ended. On Linux one that nobody waits for, as in a container without an init
   * process, counts as ended. The table is read once for all groups that are asked about meanwhile.
   *
   * @param pid Process id of the leader, which may have ended before the others.
   */
  async hasGroup(pid: number): Promise<boolean> {
    if (signalProcessGroup(pid, 0) === 'none') return false;
    if (process.platform !== 'linux') return true;
    this.#reading ??= this.#readGroups();
    // A group that cannot be seen is hidden.
    return (await this.#reading).get(pid) ?? true;
  }

  /** The groups that can be seen, and whether they have processes that have not ended. */
  async #readGroups(): Promise<ReadonlyMap<number, boolean>> {
    const groups = new Map<number, boolean>();
    const beginMs = performance.now();
    let sliceBeginMs = beginMs;
    for (const name of namesIn(this.#folder)) {
      if (!/^\d+$/.test(name)) continue;
      const [state, , group] = this.#statOf(Number(name)) ?? [];
      if (state !== undefined) groups.set(Number(group), groups.get(Number(group)) || !'ZX'.includes(state));
      if (performance.now() - sliceBeginMs < sliceMs) continue;
      await setImmediate();
      sliceBeginMs = performance.now();
    }
    const restMs = restFactor * (performance.now() - beginMs);
    void setTimeout(restMs, undefined, { ref: false }).then(() => {
      this.#reading = undefined;
    });
    return groups;
  }

  /** The fields of a process in `proc(5)` from its state on: state, parent, group and so on; null when there is none. */
  #statOf(pid: number): string[] | null {
    const stat = textOf(() => readFileSync(`${this.#folder}/${pid}/stat`, 'utf8'));
    // The name of the program before them is in parentheses and may hold any character.
    return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  }
}

/**
 * Whether two texts of {@link ProcessTable.startedAt} can be about one process: where one of them does not name the boot, the time since
 * the boot decides.
 */
export function isSameStart(a: string, b: string): boolean {
  const [bootOfA, bootOfB] = [bootOf(a), bootOf(b)];
  if (bootOfA !== null && bootOfB !== null) return a === b;
  return a.slice(bootOfA?.length ?? 0).trim() === b.slice(bootOfB?.length ?? 0).trim();
}

function bootOf(startedAt: string): string | null {
  return /^[0-9a-f-]{36}(?= \d+$)/.exec(startedAt)?.[0] ?? null;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The text; null when it is empty or cannot be read, because the process has ended. */
function textOf(read: () => string): string | null {
  try {
    return read().trim() || null;
  } catch {
    return null;
  }
}
