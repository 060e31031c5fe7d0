import { listenToPage } from './pageEvents.js';

/**
 * Mean pauses in milliseconds between the looks for the service while somebody waits for it: the first one, each time twice as much, up to the last one.
 * Browsers log each request that fails, whatever a page does.
 */
const firstPauseMs = 1_000;
const lastPauseMs = 8_000;
/** Interval in milliseconds at which the clock is read while streams are open. */
const tickMs = 15_000;
/** Minimum gap in milliseconds that counts as sleep: timers of hidden pages come once a minute. */
const sleepMs = 90_000;
/** Number of ticks from one look to the next while streams are open. */
const ticksPerLook = 4;
/** Time in milliseconds without an answer after which the service counts as lost. */
const answerMs = 20_000;

/** A call that can be cut. */
export interface CuttableCall {
  /** Aborts, with the reason, when the call cannot be relied on any more. */
  readonly cut: AbortSignal;
  /** Notes its end, and whether the connection was lost. */
  readonly end: (lost: boolean) => void;
}

/**
 * Whether a service can be reached by `fetch`, which tells nothing of its connections: it is looked for by a check of its health, which
 * needs no key. Whatever it answers, it is there; only a proxy in front of it has errors of a server (5xx).
 *
 * Open streams are cut when they may have ended without a sign: the browser is online again, the page comes out of the back-forward
 * cache or goes into it, page or computer have slept, or the service does not answer. Who reads them opens them anew.
 */
export class Reach {
  readonly #url: string;
  readonly #streams = new Set<AbortController>();
  /** Called when the service is reached anew. */
  readonly #waiting = new Set<() => void>();
  /** The looks that wait for an answer. */
  readonly #looks = new Set<AbortController>();
  #isClosed = false;
  #isDown = false;
  #isLooking = false;
  /** The pause before the next look; 0: none. */
  #pauseMs = 0;
  /** Ends the pause, or the vain wait for an answer, before the next look. */
  #lookNow = () => {};
  /** Ends what is done while somebody is interested. */
  #rest: (() => void) | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  /** Begins a call. Only streams are cut: another call is answered soon, or its timeout ends it. */
  begin(isStream: boolean): CuttableCall {
    const controller = new AbortController();
    if (isStream) this.#streams.add(controller);
    this.#stayAwake();
    return {
      cut: controller.signal,
      end: lost => {
        if (lost) this.#isDown = true;
        this.#streams.delete(controller);
        this.#stayAwake();
      },
    };
  }

  /** Looks for the service, and resolves when it is reached after it was not. Rejects with the reason when the signal aborts. */
  async connectedAnew(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(connected);
        if (this.#waiting.size === 0) this.#lookNow();
        this.#stayAwake();
        reject(signal.reason);
      };
      const connected = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(connected);
      this.#stayAwake();
      void this.#look();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#lookNow();
    for (const look of this.#looks) look.abort();
  }

  /** Listens and ticks as long as somebody is interested. */
  #stayAwake(): void {
    const isWanted = this.#streams.size > 0 || this.#waiting.size > 0;
    if (isWanted === (this.#rest !== null)) return;
    if (this.#rest !== null) {
      this.#rest();
      this.#rest = null;
      return;
    }
    const unlisten = listenToPage({
      changed: reason => {
        this.#cut(reason);
        this.#lookAtOnce();
      },
      stirred: () => {
        void this.#checkStreams();
        this.#lookAtOnce();
      },
    });
    const untick = this.#tick();
    this.#rest = () => {
      unlisten();
      untick();
    };
  }

  #tick(): () => void {
    let lastMs = Date.now();
    let count = 0;
    const timer = setInterval(() => {
      const gapMs = Date.now() - lastMs;
      lastMs += gapMs;
      count += 1;
      if (gapMs >= sleepMs) this.#cut('the page or the computer has slept');
      else if (count % ticksPerLook === 0) void this.#checkStreams();
    }, tickMs);
    return () => clearInterval(timer);
  }

  #cut(reason: string): void {
    for (const stream of this.#streams) stream.abort(reason);
  }

  async #checkStreams(): Promise<void> {
    if (this.#streams.size === 0 || (await this.#answers(new AbortController()))) return;
    this.#isDown = true;
    this.#cut(`the service did not answer within ${answerMs / 1_000} s`);
  }

  #lookAtOnce(): void {
    this.#pauseMs = 0;
    this.#lookNow();
  }

  /** Looks for the service for all who wait, as long as somebody does. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#waiting.size > 0 && !this.#isClosed) {
      const next = new AbortController();
      this.#lookNow = () => next.abort();
      await pause(this.#pauseMs * (0.8 + 0.4 * Math.random()), next.signal);
      if (next.signal.aborted) continue;
      const isThere = await this.#answers(next);
      if (isThere && this.#isDown) {
        for (const connected of this.#waiting) connected();
        this.#waiting.clear();
      }
      if (next.signal.aborted && !isThere) continue;
      this.#isDown = !isThere;
      this.#pauseMs = this.#waiting.size === 0 ? 0 : Math.min(lastPauseMs, Math.max(firstPauseMs, this.#pauseMs * 2));
    }
    this.#isLooking = false;
    this.#stayAwake();
  }

  /** @param look - ends the wait for the answer when it aborts. */
  async #answers(look: AbortController): Promise<boolean> {
    const ends = new AbortController();
    const end = () => ends.abort();
    const timer = setTimeout(end, answerMs);
    look.signal.addEventListener('abort', end);
    this.#looks.add(look);
    try {
      const response = await fetch(`${this.#url}/grpc.health.v1.Health/Check`, {
        method: 'POST',
        headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' },
        body: new Uint8Array(5),
        cache: 'no-store',
        signal: ends.signal,
      });
      await response.arrayBuffer();
      return response.status < 500;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      this.#looks.delete(look);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms === 0) return;
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
