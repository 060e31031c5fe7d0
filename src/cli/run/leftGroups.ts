import { messageOf } from '../../model/dispatchError.js';
import { signalProcessGroup } from '../exec/processGroup.js';
import { endProcessGroup, type GroupEnd } from './endProcessGroup.js';
import { putAside, readGroups, type StartedGroup, writeGroups } from './groupsFile.js';
import { isSameStart, ProcessTable } from './processTable.js';

/** A group that a killed `follow` left behind, and whether it could be ended. */
export interface EndedGroup {
  readonly pid: number;
  readonly end: GroupEnd;
}

/**
 * The process groups that run, in a file beside the store of `follow`, so that after `follow` was killed the next one can end what it left
 * behind. Without a file they are kept in memory only.
 */
export class LeftGroups {
  readonly #file: string | undefined;
  readonly #say: (line: string) => void;
  readonly #table: ProcessTable;
  readonly #groups = new Map<number, StartedGroup>();
  readonly #whenEmpty: (() => void)[] = [];
  #lastWrite: Promise<void> = Promise.resolve();
  /** The write that has not begun. */
  #nextWrite: Promise<void> | undefined;
  #isUnwritable = false;

  /** @param say Told when the file cannot be read or written: commands run all the same. */
  constructor(file: string | undefined, say: (line: string) => void, table = new ProcessTable()) {
    this.#file = file;
    this.#say = say;
    this.#table = table;
  }

  /** Notes a group, whose leader was just started. Its command must not begin before that is fulfilled; it is never rejected. */
  async add(pid: number): Promise<void> {
    this.#groups.set(pid, { pid, startedAt: this.#table.startedAt(pid) ?? '' });
    await this.#save();
  }

  /** Ends a group: SIGTERM, and SIGKILL after the grace in milliseconds. */
  end(pid: number, graceMs: number): Promise<GroupEnd> {
    return endProcessGroup(pid, graceMs, this.#table);
  }

  /** Sends SIGKILL to all groups. */
  killAll(): void {
    for (const pid of this.#groups.keys()) signalProcessGroup(pid, 'SIGKILL');
  }

  /** Forgets a group whose processes have all ended, as far as they can be ended. */
  delete(pid: number): void {
    if (!this.#groups.delete(pid)) return;
    void this.#save();
    if (this.#groups.size > 0) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** Fulfilled when no group is left. */
  async whenEmpty(): Promise<void> {
    if (this.#groups.size > 0) await new Promise<void>(resolve => this.#whenEmpty.push(resolve));
    await this.#lastWrite;
  }

  /**
   * Ends the groups that a killed `follow` left behind: SIGTERM, and SIGKILL after the grace. A process that got the id of one that
   * ended meanwhile is left alone. A file that cannot be read is put aside.
   *
   * @param graceMs Time between SIGTERM and SIGKILL, in milliseconds.
   */
  async endLeft(graceMs: number): Promise<EndedGroup[]> {
    const noted = await this.#load();
    const areLeft = await Promise.all(noted.map(group => this.#isLeft(group)));
    const left = noted.filter((_, index) => areLeft[index]);
    for (const group of left) this.#groups.set(group.pid, group);
    const ended = await Promise.all(left.map(async ({ pid }) => ({ pid, end: await this.end(pid, graceMs) })));
    for (const { pid } of left) this.delete(pid);
    await this.#save();
    return ended;
  }

  /** Whether processes of a group are left: its leader, or others after it. No process gets the id of a group that exists. */
  async #isLeft({ pid, startedAt }: StartedGroup): Promise<boolean> {
    const presentAt = this.#table.startedAt(pid);
    return (presentAt === null || isSameStart(presentAt, startedAt)) && this.#table.hasGroup(pid);
  }

  async #load(): Promise<StartedGroup[]> {
    const file = this.#file;
    if (file === undefined) return [];
    try {
      return await readGroups(file);
    } catch (error) {
      const text = `cannot read ${file}, which tells what a killed follow left behind: ${messageOf(error)}`;
      this.#say(`problem: ${text} (${await putAside(file)}). Commands that were left behind may still run`);
      return [];
    }
  }

  /** Groups that are added or deleted while the file is written share the next write. */
  #save(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return Promise.resolve();
    if (this.#nextWrite === undefined) {
      this.#nextWrite = this.#lastWrite.then(() => {
        this.#nextWrite = undefined;
        return this.#write(file);
      });
      this.#lastWrite = this.#nextWrite;
    }
    return this.#nextWrite;
  }

  async #write(file: string): Promise<void> {
    try {
      await writeGroups(file, [...this.#groups.values()]);
      this.#isUnwritable = false;
    } catch (error) {
      if (this.#isUnwritable) return;
      this.#isUnwritable = true;
      this.#say(
        `problem: cannot write ${file}, so the next follow will not end what this one leaves behind: ${messageOf(error)}`,
      );
    }
  }
}
