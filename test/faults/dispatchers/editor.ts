import type { MicrogridClient } from '../../../src/client/microgridClient.js';
import type { DispatchChanges, NewDispatch } from '../../../src/client/requests.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { integer, pick } from '../random.js';
import type { Peer } from './peer.js';

/** A version of a dispatch, as the service answered; null: it was deleted. */
export type Version = DispatchRecord | null;

const [fewest, most] = [3, 8];
const selectors = [{ ids: [1] }, { ids: [2, 3] }, { categories: [{ category: 'BATTERY' }] }] as const;
const rule = { frequency: 'MINUTELY', interval: 1 } as const;

/** Makes changes at a service that nobody else makes in this microgrid: what it was answered is the truth. */
export class Editor {
  readonly #client: MicrogridClient;
  readonly #random: () => number;
  readonly #peer: Pick<Peer, 'changesRules'>;
  readonly #versions = new Map<number, Version[]>();
  readonly #present = new Map<number, string>();
  #count = 0;

  constructor(client: MicrogridClient, random: () => number, peer: Pick<Peer, 'changesRules'>) {
    this.#client = client;
    this.#random = random;
    this.#peer = peer;
  }

  /** All versions that there ever were, by the id of the dispatch. */
  get versions(): ReadonlyMap<number, readonly Version[]> {
    return this.#versions;
  }

  /** The `updateTime`s of the dispatches that are there, by id. */
  get present(): ReadonlyMap<number, string> {
    return this.#present;
  }

  /** How many changes were made. */
  get count(): number {
    return this.#count;
  }

  /** Creates, updates or deletes a dispatch. @param lasting - not to delete, so that it shows afterwards */
  async change({ lasting = false } = {}): Promise<void> {
    const { size } = this.#present;
    const what = this.#random();
    this.#count += 1;
    if (size < fewest || (size < most && what < 0.35)) {
      const { record } = await this.#client.create(this.#newDispatch());
      this.#versions.set(record.id, [record]);
      this.#present.set(record.id, record.updateTime);
      return;
    }
    const id = pick([...this.#present.keys()], this.#random);
    if (what < 0.8 || lasting) {
      const { record } = await this.#client.update(id, this.#changes());
      this.#versions.get(id)?.push(record);
      this.#present.set(id, record.updateTime);
    } else {
      await this.#client.delete(id);
      this.#versions.get(id)?.push(null);
      this.#present.delete(id);
    }
  }

  #newDispatch(): NewDispatch {
    const random = this.#random;
    const when = random();
    const startTime = when < 0.35 ? 'NOW' : this.#soon(when < 0.85 ? 0 : 3_600);
    return {
      type: pick(['CHARGE', 'HOLD'], random),
      startTime,
      durationMs: this.#duration(),
      selector: pick(selectors, random),
      active: random() < 0.85,
      dryRun: random() < 0.2,
      payload: { change: this.#count },
      recurrence: random() < 0.25 ? rule : null,
    };
  }

  /** The payload always changes, so that no change is without effect. */
  #changes(): DispatchChanges {
    const random = this.#random;
    return {
      payload: { change: this.#count },
      ...(random() < 0.3 && { active: random() < 0.7 }),
      ...(random() < 0.3 && { durationMs: this.#duration() }),
      ...(random() < 0.3 && { startTime: this.#soon(0) }),
      ...(random() < 0.2 && { selector: pick(selectors, random) }),
      ...(this.#peer.changesRules && random() < 0.15 && { recurrence: random() < 0.5 ? rule : null }),
    };
  }

  #duration(): number | null {
    const long = this.#random();
    if (long < 0.1) return null;
    if (long < 0.3) return 600_000;
    return 1_000 * integer(0, 4, this.#random);
  }

  /** A whole second, one to three seconds after so many. */
  #soon(seconds: number): Date {
    return new Date(1_000 * (Math.ceil(Date.now() / 1_000) + seconds + integer(1, 3, this.#random)));
  }
}
