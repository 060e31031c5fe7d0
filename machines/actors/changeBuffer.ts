import { DispatchError } from '../../src/model/dispatchError.js';
import type { Clock } from '../protocol/clock.js';
import type { RecordChange } from '../protocol/messages.js';
import type { DispatchChange, DispatchWatch, StreamStart } from '../protocol/transport.js';

/** An event of a stream: a change, unless it cannot be read, and the position after it. */
interface BufferedEvent {
  readonly change: RecordChange | null;
  readonly position: string | null;
}

/** Consecutive changes of a stream, and the position after them. */
export interface ChangeBatch {
  readonly changes: readonly RecordChange[];
  readonly position: string | null;
}

/** Options of a {@link ChangeBuffer}. */
export interface ChangeBufferOptions {
  /** Maximum number of changes that are taken at once. */
  readonly batchSize: number;
  /** Called with the events that cannot be decoded. */
  readonly tell: (problem: DispatchError) => void;
  /** Called when the stream is lost. */
  readonly onLost: () => void;
}

/**
 * Buffers the events of a stream and returns them in order once they can be applied: after a list that began while the stream
 * was open, or at once when the stream was resumed.
 */
export class ChangeBuffer {
  readonly #batchSize: number;
  #events: BufferedEvent[] = [];
  #start: StreamStart | null = null;
  /** Number of changes that a resumed stream still makes up for. */
  #backlog = 0;
  /** Whether a list has begun, and whether the stream was open then. */
  #listed: 'no' | 'early' | 'yes' = 'no';
  #failure: { readonly error: unknown } | null = null;
  #wake = () => {};

  constructor(watch: DispatchWatch, { batchSize, tell, onLost }: ChangeBufferOptions) {
    this.#batchSize = batchSize;
    const fail = (error: unknown) => {
      if (this.#failure !== null) return;
      this.#failure = { error };
      onLost();
      this.#wake();
    };
    const opened = watch.opened as Promise<StreamStart | undefined>;
    opened.then(start => this.#open(start ?? {}), fail);
    this.#takeIn(watch, tell).catch(fail);
  }

  /** What is known of the stream; null until it is open. */
  get start(): StreamStart | null {
    return this.#start;
  }

  /** Whether changes are to come that a resumed stream makes up for. */
  get isBehind(): boolean {
    return this.#backlog > 0;
  }

  /** Resolves when the stream is open, has an event or is lost; at the latest after `waitMs`. */
  async openedWithin(clock: Clock, waitMs: number): Promise<void> {
    if (this.#start !== null || this.#events.length > 0 || this.#failure !== null) return;
    await new Promise<void>(resolve => {
      const undo = clock.setTimer(resolve, waitMs);
      this.#wake = () => {
        undo();
        resolve();
      };
    });
  }

  /** Makes a list come next. */
  wantList(): void {
    this.#listed = 'no';
    this.#wake();
  }

  /** Whether to list now: at the beginning unless the stream was resumed, and again if the stream opened after a list began. */
  beginsList(): boolean {
    if (!this.#wantsList()) return false;
    this.#listed = this.#start === null ? 'early' : 'yes';
    return true;
  }

  /** The next changes; null when there are none, or while a list must come first. */
  take(): ChangeBatch | null {
    if (this.#wantsList() || this.#events.length === 0) return null;
    const events = this.#events.splice(0, this.#batchSize);
    this.#backlog -= events.length;
    return {
      changes: events.flatMap(({ change }) => change ?? []),
      position: events.at(-1)?.position ?? null,
    };
  }

  /** Throws the error of a lost stream, once the buffer is empty. */
  throwIfLost(): void {
    if (this.#failure !== null && this.#events.length === 0) throw this.#failure.error;
  }

  /**
   * Resolves when there are changes to take, a list is needed, or the stream opens; rejects when there are none and the stream is
   * lost.
   */
  async more(): Promise<void> {
    const start = this.#start;
    while (this.#events.length === 0 && !this.#wantsList() && this.#start === start) {
      this.throwIfLost();
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  #open(start: StreamStart): void {
    this.#start = start;
    if (start.backlog !== undefined) {
      this.#backlog += start.backlog;
      this.#listed = 'yes';
    }
    this.#wake();
  }

  #wantsList(): boolean {
    return this.#listed === 'no' || (this.#listed === 'early' && this.#start !== null);
  }

  async #takeIn(watch: DispatchWatch, tell: (problem: DispatchError) => void): Promise<never> {
    for await (const change of watch) {
      if (change.kind === 'problem') tell(change.problem);
      this.#events.push({ change: readable(change), position: change.position ?? null });
      this.#wake();
    }
    throw new DispatchError('UNAVAILABLE', 'the service ended the stream');
  }
}

/** The change of an event; null when it cannot be read. */
function readable(change: DispatchChange): RecordChange | null {
  if (change.kind === 'problem') {
    return change.deletedId === undefined ? null : { kind: 'deleted', id: change.deletedId };
  }
  const { kind, dispatch } = change;
  return kind === 'deleted' ? { kind, id: dispatch.id, dispatch } : { kind, dispatch };
}
