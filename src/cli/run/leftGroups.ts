import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import { DispatchError, messageOf } from '../../model/dispatchError.js';
import { hasProcesses, processStartedAt, signalProcessGroup } from '../exec/processGroup.js';

/** A process group that a command runs in. */
export interface StartedGroup {
  /** Process id of the leader, which is the id of the group. */
  readonly pid: number;
  /** When the leader was started, as {@link processStartedAt} tells it. */
  readonly startedAt: string;
}

/** Format of the file. */
const formatVersion = 1;
/** Interval at which a group that was told to end is looked at, in milliseconds. */
const pollMs = 50;
/** Maximum time to wait for processes that got SIGKILL, in milliseconds: one that waits for a broken disk cannot be ended. */
const killedMs = 2_000;

/**
 * The process groups that run, in a file beside the store of `follow`, so that after `follow` was killed the next one can end what it left
 * behind. Without a file they are kept in memory only.
 */
export class LeftGroups {
  readonly #file: string | undefined;
  readonly #say: (line: string) => void;
  readonly #groups = new Map<number, StartedGroup>();
  readonly #whenEmpty: (() => void)[] = [];

  /** @param say Told when the file cannot be written: commands run all the same. */
  constructor(file: string | undefined, say: (line: string) => void) {
    this.#file = file;
    this.#say = say;
  }

  /** Notes a group, before its command begins. */
  add(group: StartedGroup): void {
    this.#groups.set(group.pid, group);
    this.#save();
  }

  /** Forgets a group whose processes have all ended. */
  delete(pid: number): void {
    if (!this.#groups.delete(pid)) return;
    this.#save();
    if (this.#groups.size > 0) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** Resolves when no group is left. */
  async whenEmpty(): Promise<void> {
    if (this.#groups.size > 0) await new Promise<void>(resolve => this.#whenEmpty.push(resolve));
  }

  /**
   * Ends the groups that a killed `follow` left behind: SIGTERM, and SIGKILL after the grace. A process that got the id of one that
   * ended meanwhile is left alone.
   *
   * @param graceMs Time between SIGTERM and SIGKILL, in milliseconds.
   * @returns The groups that were ended.
   * @throws DispatchError FAILED_PRECONDITION when the file cannot be read.
   */
  async endLeft(graceMs: number): Promise<StartedGroup[]> {
    const left = this.#load().filter(isAlive);
    await Promise.all(left.map(({ pid }) => endProcessGroup(pid, graceMs)));
    this.#save();
    return left;
  }

  #load(): StartedGroup[] {
    if (this.#file === undefined) return [];
    try {
      const content = JSON.parse(readFileSync(this.#file, 'utf8'));
      if (content.formatVersion !== formatVersion)
        throw new Error(`its format is ${content.formatVersion}, not ${formatVersion}`);
      return content.groups;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      const message = `cannot read ${this.#file}, which tells what a killed follow left behind: ${messageOf(cause)}`;
      throw new DispatchError('FAILED_PRECONDITION', message, { cause });
    }
  }

  #save(): void {
    if (this.#file === undefined) return;
    try {
      this.#write(this.#file);
    } catch (error) {
      this.#say(
        `cannot write ${this.#file}, so the next follow will not end what this one leaves behind: ${messageOf(error)}`,
      );
    }
  }

  #write(file: string): void {
    if (this.#groups.size === 0) {
      rmSync(file, { force: true });
      return;
    }
    const written = `${file}.new`;
    writeFileSync(written, `${JSON.stringify({ formatVersion, groups: [...this.#groups.values()] })}\n`);
    renameSync(written, file);
  }
}

/** Whether processes of a group are left: its leader, or others after it. No process gets the id of a group that exists. */
function isAlive({ pid, startedAt }: StartedGroup): boolean {
  const presentAt = processStartedAt(pid);
  return presentAt === startedAt || (presentAt === null && hasProcesses(pid));
}

/**
 * Ends a process group: SIGTERM, and SIGKILL when processes of it are left after the grace. Fulfilled when none is left, at the latest
 * two seconds after SIGKILL.
 */
export async function endProcessGroup(pid: number, graceMs: number): Promise<void> {
  if (!signalProcessGroup(pid, 'SIGTERM')) return;
  if (await hasEnded(pid, graceMs)) return;
  signalProcessGroup(pid, 'SIGKILL');
  await hasEnded(pid, killedMs);
}

async function hasEnded(pid: number, withinMs: number): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  while (performance.now() < untilMs) {
    await setTimeout(Math.min(pollMs, withinMs));
    if (!hasProcesses(pid)) return true;
  }
  return false;
}
