import type { LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import type { Version } from './editor.js';

/** What is wrong with what was said. */
export interface Differences {
  /** What should have been said, and was not. */
  readonly lost: readonly string[];
  /** What was said, and should not have been: again, too late, or of what never was. */
  readonly doubled: readonly string[];
}

/** What was said of a dispatch. */
interface Said {
  /** How many of its versions were said or passed over. */
  readonly count: number;
  /** How many may be passed over: it was created and deleted while nobody looked. They may be said all the same. */
  readonly excused: number;
  readonly isThere: boolean;
}

const nothing: Said = { count: 0, excused: 0, isThere: false };

/** What a dispatcher may say of each dispatch: the versions of the service, each once, in their order. */
export class LifecycleOracle {
  readonly #versions: ReadonlyMap<number, readonly Version[]>;
  /** By id, what was said. */
  readonly #said = new Map<number, Said>();
  readonly #lost: string[] = [];
  readonly #doubled: string[] = [];

  constructor(versions: ReadonlyMap<number, readonly Version[]>) {
    this.#versions = versions;
  }

  /**
   * Takes what was said; returns the version of the service that it is about.
   *
   * @param maySkip - whether versions may have been skipped that are over, by a list in place of a stream that goes on.
   */
  take({ type, dispatch }: LifecycleEvent, maySkip: boolean): DispatchRecord {
    const { id, updateTime } = dispatch;
    const versions = this.#versions.get(id) ?? [];
    const said = this.#said.get(id) ?? nothing;
    const isDeletion = type === 'lifecycle.deleted';
    const index = versions.findIndex(version => (isDeletion ? version === null : version?.updateTime === updateTime));
    const line = `${id} ${type.slice('lifecycle.'.length)} ${updateTime}`;
    if (index < said.count || said.isThere !== (type !== 'lifecycle.created')) this.#doubled.push(line);
    else if (!maySkip) this.#noteSkipped(id, Math.max(said.count, said.excused), index);
    this.#said.set(id, { ...said, count: Math.max(said.count, index + 1), isThere: !isDeletion });
    return (isDeletion ? null : versions[index]) ?? dispatch;
  }

  /** Compares what was said with all that happened. @param maySkip - as for {@link take} */
  finish(maySkip: boolean): Differences {
    for (const [id, versions] of this.#versions) {
      const said = this.#said.get(id) ?? nothing;
      const { length } = versions;
      if (maySkip && !said.isThere && versions.at(-1) === null) this.#said.set(id, { ...said, excused: length });
      else if (Math.max(said.count, said.excused) < length) {
        this.#noteSkipped(id, said.count, length);
        this.#said.set(id, { ...said, count: length, isThere: versions.at(-1) !== null });
      }
    }
    return { lost: this.#lost.splice(0), doubled: this.#doubled.splice(0) };
  }

  #noteSkipped(id: number, from: number, to: number): void {
    const skipped = this.#versions.get(id)?.slice(from, to) ?? [];
    for (const version of skipped) this.#lost.push(`${id} ${version?.updateTime ?? 'deleted'}`);
  }
}
