import { DispatchError } from '../../model/dispatchError.js';
import type { LogCursor } from '../domain/logCursor.js';
import type { ChangeQueue } from './changeQueue.js';

/** One microgrid with streams. Each log entry is read once, however many streams there are. */
export interface Hub {
  /** The position up to which the log was read; null before the first one is known. */
  position: LogCursor | null;
  /** The first position: entries up to it were not read. */
  start: LogCursor;
  readonly queues: Set<ChangeQueue>;
  /** Whether reading is paused while its streams send what they have. */
  paused: boolean;
}

/** The microgrids that have streams, by id. */
export class Hubs {
  readonly #hubs = new Map<number, Hub>();

  get(microgridId: number): Hub | undefined {
    return this.#hubs.get(microgridId);
  }

  ids(): IterableIterator<number> {
    return this.#hubs.keys();
  }

  /** The queues of each. */
  queues(): ReadonlySet<ChangeQueue>[] {
    return [...this.#hubs.values()].map(({ queues }) => queues);
  }

  /** Adds a stream to its microgrid. */
  join(microgridId: number, queue: ChangeQueue): Hub {
    const hub = this.#hubs.get(microgridId) ?? { position: null, start: 0, queues: new Set(), paused: false };
    hub.queues.add(queue);
    this.#hubs.set(microgridId, hub);
    return hub;
  }

  leave(microgridId: number, hub: Hub, queue: ChangeQueue): void {
    hub.queues.delete(queue);
    if (hub.queues.size === 0 && this.#hubs.get(microgridId) === hub) this.#hubs.delete(microgridId);
  }

  /** Ends the streams of microgrids with UNAVAILABLE. */
  end(microgridIds: readonly number[], reason: string): void {
    for (const microgridId of microgridIds) {
      for (const queue of this.#hubs.get(microgridId)?.queues ?? [])
        queue.end(new DispatchError('UNAVAILABLE', reason));
      this.#hubs.delete(microgridId);
    }
  }
}
