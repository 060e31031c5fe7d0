import { retentionAfterEndMs } from '../protocol/transport.js';

/**
 * The times of the clock since the last list: of what had ended a day before the latest of them, some was not listed or is forgotten.
 * When the clock goes back to before that, it must be listed.
 */
export class ListTimes {
  #latestMs = Number.NEGATIVE_INFINITY;
  /** The same for the list in progress; null: none is. */
  #listMs: number | null = null;

  /** Latest time of the clock, milliseconds since the epoch. */
  get latestMs(): number {
    return this.#latestMs;
  }

  /** Continues from the latest time of an earlier dispatcher. */
  restore(latestMs: number): void {
    this.#latestMs = latestMs;
  }

  /** Notes a time of the clock. */
  note(atMs: number): void {
    this.#latestMs = Math.max(this.#latestMs, atMs);
    if (this.#listMs !== null) this.#listMs = Math.max(this.#listMs, atMs);
  }

  /** Notes that a list begins. */
  begin(atMs: number): void {
    this.#listMs = atMs;
  }

  /** Notes that the list has ended, so that only the times since its beginning count. */
  end(): void {
    this.#latestMs = this.#listMs ?? this.#latestMs;
    this.#listMs = null;
  }

  /** Whether dispatches may be missing that matter at the present time. */
  isListWanted(atMs: number): boolean {
    return atMs < this.#latestMs - retentionAfterEndMs;
  }
}
