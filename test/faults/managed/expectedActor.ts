/** What an actor does when it is started: one of these each time. */
export type Conduct =
  | { readonly does: 'works' }
  /** The function that makes its context throws. */
  | { readonly does: 'cannot be made' }
  /** Its first action throws, when what it invokes has begun. */
  | { readonly does: 'fails at once' }
  | { readonly does: 'fails' | 'ends'; readonly afterMs: number }
  /** It ignores `dispatch.stopped`. */
  | { readonly does: 'hangs' };

/** Options of managed actors, all of them given. */
export interface ExpectedOptions {
  readonly retryIntervalMs: number;
  readonly stopTimeoutMs: number;
  readonly onReconfigure: 'send' | 'restart';
  readonly restart: 'on-error' | 'always';
}

/**
 * What must become of the managed actor of one identity: an oracle that shares no code with the machines, and knows nothing of other
 * identities. Between two calls, {@link pass} lets time go by.
 */
export class ExpectedActor {
  /** What it must have said, with the times. */
  readonly lines: string[] = [];
  readonly #conductOf: (attempt: number) => Conduct;
  readonly #options: ExpectedOptions;
  #attempts = 0;
  #state: 'none' | 'running' | 'stopping' | 'finished' | 'retrying' = 'none';
  #conduct: Conduct = { does: 'works' };
  #isWanted = false;
  #note = 0;
  /** When it ends by itself. */
  #endsMs = Number.POSITIVE_INFINITY;
  /** When it is started again, or stopped because it takes too long to end. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(conductOf: (attempt: number) => Conduct, options: ExpectedOptions) {
    this.#conductOf = conductOf;
    this.#options = options;
  }

  /** A run begins or changes; its dispatch carries a note. */
  want(ms: number, note: number): void {
    this.#isWanted = true;
    this.#note = note;
    if (this.#state === 'stopping') return;
    if (this.#state !== 'running') this.#start(ms);
    else if (this.#options.onReconfigure === 'restart') this.#stop(ms);
    else this.#say(ms, `hears of ${note}`);
  }

  /** The run is over. */
  unwant(ms: number): void {
    this.#isWanted = false;
    if (this.#state === 'running') this.#stop(ms);
    else if (this.#state !== 'stopping') this.#rest('none');
  }

  pass(untilMs: number): void {
    for (let ms = this.#nextMs; ms <= untilMs; ms = this.#nextMs) {
      if (ms === this.#endsMs) this.#end(ms);
      else if (this.#state === 'retrying') this.#start(ms);
      else {
        this.#say(ms, 'problem');
        this.#switchOff(ms);
      }
    }
  }

  get #nextMs(): number {
    return Math.min(this.#endsMs, this.#dueMs);
  }

  #start(ms: number): void {
    this.#rest('running');
    this.#conduct = this.#conductOf(this.#attempts);
    this.#attempts += 1;
    this.#say(ms, 'tries');
    const { does } = this.#conduct;
    if (does !== 'cannot be made') this.#say(ms, `on with ${this.#note}`);
    if (does === 'fails at once') this.#say(ms, 'off');
    if (does === 'cannot be made' || does === 'fails at once') {
      this.#say(ms, 'problem');
      this.#retry(ms);
      return;
    }
    if ('afterMs' in this.#conduct) this.#endsMs = ms + this.#conduct.afterMs;
  }

  #stop(ms: number): void {
    const { stopTimeoutMs } = this.#options;
    if (stopTimeoutMs === 0) {
      this.#switchOff(ms);
      return;
    }
    this.#say(ms, 'is asked to stop');
    this.#state = 'stopping';
    if (this.#conduct.does === 'hangs') this.#dueMs = ms + stopTimeoutMs;
    else this.#switchOff(ms);
  }

  /** It ends by itself: perhaps while it was asked to. */
  #end(ms: number): void {
    const hasFailed = this.#conduct.does === 'fails';
    this.#say(ms, 'off');
    if (hasFailed) this.#say(ms, 'problem');
    if (hasFailed || this.#options.restart === 'always') this.#retry(ms);
    else this.#rest('finished');
  }

  #switchOff(ms: number): void {
    this.#say(ms, 'off');
    this.#rest('none');
    if (this.#isWanted) this.#start(ms);
  }

  #retry(ms: number): void {
    this.#rest('retrying');
    this.#dueMs = ms + this.#options.retryIntervalMs;
  }

  #rest(state: 'none' | 'running' | 'finished' | 'retrying'): void {
    this.#state = state;
    this.#endsMs = Number.POSITIVE_INFINITY;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #say(ms: number, what: string): void {
    this.lines.push(`${ms.toFixed(2)} ${what}`);
  }
}
