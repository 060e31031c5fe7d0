import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { dayMs } from '../support/dispatchRecord.js';
import type { ExpectedDispatch } from './expectedDispatch.js';
import { ExpectedDispatches, type Waiting } from './expectedDispatches.js';
import type { ExpectedTimer } from './expectedTimer.js';
import type { Kept } from './sequences.js';

/** What a service tells a dispatcher: a list in three parts, or the changes of a stream; and that a connection begins. */
type Told =
  | { readonly kind: 'began' }
  | { readonly kind: 'listStarted' }
  | { readonly kind: 'listed'; readonly records: readonly DispatchRecord[] }
  | { readonly kind: 'listEnded'; readonly endFromMs: number }
  | { readonly kind: 'changed'; readonly changes: Change[] };

/** What a stream says of a dispatch. */
export interface Change {
  readonly record: DispatchRecord;
  readonly isDeletion: boolean;
}

/** Without headers of the stream the list begins after this wait. */
const headersWaitMs = 1_000;

/**
 * What a dispatcher must say: an oracle that shares no code with the machines. It is told the same as the dispatcher is, and
 * says the same in the same order.
 */
export class ExpectedDispatcher {
  /** One line for each notification, since they were taken last. */
  lines: string[] = [];
  readonly #timer: ExpectedTimer;
  readonly #service: ReadonlyMap<number, DispatchRecord>;
  readonly #dispatches = new ExpectedDispatches(line => this.lines.push(line));
  /** What the service told and the dispatcher has not taken yet. */
  #untaken: Told[] = [];
  /** What it has taken, and holds back until what was due before is done. */
  #heldBack: (() => void) | null = null;
  /** What the timer waits for, by the wall clock. */
  #headMs: number | null = null;
  /** Whether the service cannot be reached: the headers of a stream hang, and the answer to a list. */
  #hangs = false;
  /** When it lists although no headers came, by the monotonic clock. */
  #listsMs = Number.POSITIVE_INFINITY;
  /** The answer to a list that hangs. */
  #answer: Told[] = [];

  /** @param service what the service has. */
  constructor(timer: ExpectedTimer, service: ReadonlyMap<number, DispatchRecord>) {
    this.#timer = timer;
    this.#service = service;
  }

  get dispatches(): ReadonlyMap<number, ExpectedDispatch> {
    return this.#dispatches.byId;
  }

  /** Whether it holds something back, and so does not notice yet what becomes of its stream. */
  get isBusy(): boolean {
    return this.#heldBack !== null;
  }

  /**
   * It starts, also anew with what it remembered; a store brings that by id. What runs is told first, by the first look at the clock.
   */
  start({ isOnline, from }: { isOnline: boolean; from: Kept }): void {
    this.#timer.restart();
    this.#dispatches.restart(from === 'store');
    this.#untaken = [];
    this.#heldBack = null;
    this.#headMs = null;
    this.#arm();
    this.#dispatches.resume(this.#timer.nowMs);
    this.#dispatches.lookAgain(this.#timer.nowMs);
    this.#workOff();
    this.#plan();
    this.connect(isOnline);
  }

  /** It opens a stream, which hangs while the service cannot be reached. */
  connect(isOnline: boolean): void {
    this.#hangs = !isOnline;
    this.#listsMs = isOnline ? Number.POSITIVE_INFINITY : this.#timer.firesMs(headersWaitMs);
    this.#answer = [];
    // It first asks itself how far it is in sync, and what was due before comes first, as always.
    this.#untaken.push({ kind: 'began' });
    if (isOnline) this.#untaken.push({ kind: 'listStarted' });
    this.settle();
  }

  /** What hangs goes on, and the stream is open: it lists now, also if it did before. */
  reach(): void {
    this.#hangs = false;
    this.#listsMs = Number.POSITIVE_INFINITY;
    this.#untaken.push(...this.#answer, { kind: 'listStarted' });
    this.#answer = [];
    this.settle();
  }

  tell(change: Change): void {
    const last = this.#untaken.at(-1);
    if (last?.kind === 'changed') last.changes.push(change);
    else this.#untaken.push({ kind: 'changed', changes: [change] });
  }

  /** Takes what the service told, one after the other. */
  settle(): void {
    while (this.#heldBack === null) {
      const told = this.#untaken.shift();
      if (told === undefined) return;
      // What a list asks for is fixed when it begins, however late that is taken.
      const endFromMs = this.#timer.nowMs - dayMs;
      const take = () => this.#take(told, endFromMs);
      const first = this.#dispatches.first();
      if (first !== null && first.atMs < this.#timer.nowMs) {
        this.#heldBack = take;
        this.#arm();
      } else {
        take();
        this.#plan();
      }
    }
  }

  passBy(ms: number): void {
    const endMs = this.#timer.monotonicMs + ms;
    this.settle();
    for (;;) {
      const nextMs = Math.min(this.#listsMs, this.#timer.wakesMs);
      if (nextMs > endMs) break;
      this.#timer.monotonicMs = Math.max(this.#timer.monotonicMs, nextMs);
      if (this.#timer.wakesMs === nextMs) this.#wake();
      else {
        this.#listsMs = Number.POSITIVE_INFINITY;
        this.#untaken.push({ kind: 'listStarted' });
      }
      this.settle();
    }
    this.#timer.monotonicMs = endMs;
  }

  #wake(): void {
    if (this.#timer.sawStepBack()) this.#goBack();
    // What is held back may bring something that is due at once, or waits for something that is not due any more.
    while (this.#firstDue() !== null) this.#workOff();
    this.#headMs = this.#dispatches.first()?.atMs ?? null;
    this.#arm();
  }

  /** Sets the timer; it looks at the clocks whenever it is set. */
  #arm(): void {
    const wentBack = this.#timer.sawStepBack();
    this.#timer.waitFor(this.#dispatches.first()?.atMs ?? null);
    if (wentBack) this.#goBack();
  }

  /** Sets the timer when it is wanted at another time. */
  #plan(): void {
    const headMs = this.#dispatches.first()?.atMs ?? null;
    if (headMs === this.#headMs) return;
    this.#headMs = headMs;
    this.#arm();
  }

  #goBack(): void {
    this.#dispatches.lookAgain(this.#timer.nowMs);
    this.#workOff();
    this.#plan();
  }

  /** Does what is due by now, then what was held back for it. */
  #workOff(): void {
    const { nowMs } = this.#timer;
    for (
      let first = this.#dispatches.first();
      first !== null && first.atMs <= nowMs;
      first = this.#dispatches.first()
    ) {
      this.#dispatches.work(first, nowMs);
    }
    const take = this.#heldBack;
    this.#heldBack = null;
    take?.();
  }

  #firstDue(): Waiting | null {
    const first = this.#dispatches.first();
    return first !== null && first.atMs <= this.#timer.nowMs ? first : null;
  }

  #take(told: Told, endFromMs: number): void {
    const { nowMs } = this.#timer;
    switch (told.kind) {
      case 'began':
        break;
      case 'listStarted':
        this.#dispatches.beginList();
        this.#list(endFromMs);
        break;
      case 'listed':
        for (const record of told.records) this.#dispatches.takeListed(record, nowMs);
        break;
      case 'listEnded':
        this.#dispatches.endList(told.endFromMs, nowMs);
        break;
      case 'changed':
        for (const { record, isDeletion } of told.changes) {
          if (isDeletion) this.#dispatches.takeDeletion(record, nowMs);
          else this.#dispatches.takeStreamed(record, nowMs);
        }
    }
  }

  /** The service answers with what it has when it is asked, however late. */
  #list(endFromMs: number): void {
    const records = [...this.#service.values()].filter(({ endTimeMs }) => endTimeMs === null || endTimeMs >= endFromMs);
    const answer: Told[] = [
      { kind: 'listed', records },
      { kind: 'listEnded', endFromMs },
    ];
    if (this.#hangs) this.#answer = answer;
    else this.#untaken.unshift(...answer);
  }
}
