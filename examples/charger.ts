// How do I write a consumer that follows the dispatches of one type?
import { type Dispatch, type Dispatcher, RunningState } from 'xstate-dispatch';

/** A charger that charges while a dispatch of type CHARGE runs, with the power in its payload. */
export class Charger {
  /** Power of each dispatch that runs, by dispatch id, in the order of their starts. The last one is in force. */
  readonly #running = new Map<number, number>();

  constructor(dispatcher: Dispatcher) {
    void this.#follow(dispatcher.runningStatusChange.newReceiver({ name: 'charger', includeScheduledEnd: true }));
  }

  /** Present charging power, 0 when no dispatch runs. */
  get kw(): number {
    return [...this.#running.values()].at(-1) ?? 0;
  }

  async #follow(changes: AsyncIterable<Dispatch>): Promise<void> {
    for await (const dispatch of changes) {
      const state = dispatch.running('CHARGE');
      if (state === RunningState.DIFFERENT_TYPE) continue;
      // A dry run must not touch any equipment: it only says what it would do.
      if (dispatch.dryRun) console.log(`dry run: ${dispatch.change?.kind} dispatch ${dispatch.id}`);
      if (state === RunningState.STOPPED || dispatch.dryRun || dispatch.change?.kind === 'started') {
        this.#running.delete(dispatch.id);
      }
      if (state === RunningState.RUNNING && !dispatch.dryRun)
        this.#running.set(dispatch.id, Number(dispatch.payload.kw));
    }
  }
}
