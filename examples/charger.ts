// How do I write a consumer that follows the dispatches of one type?
import { type Dispatch, type Dispatcher, RunningState } from 'xstate-dispatch';

/** A charger that charges while a dispatch of type CHARGE runs, with the power that its payload says. */
export class Charger {
  /** The power that it charges with, 0 when it does not. */
  kw = 0;

  constructor(dispatcher: Dispatcher) {
    void this.#follow(dispatcher.runningStatusChange.newReceiver({ name: 'charger', includeScheduledEnd: true }));
  }

  async #follow(changes: AsyncIterable<Dispatch>): Promise<void> {
    for await (const dispatch of changes) {
      const state = dispatch.running('CHARGE');
      if (state === RunningState.RUNNING) this.kw = Number(dispatch.payload.kw);
      if (state === RunningState.STOPPED) this.kw = 0;
    }
  }
}
