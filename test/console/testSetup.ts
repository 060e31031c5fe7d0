import type { SessionFacts } from '../../src/console/session/sessionPort.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';

/** How a test begins the page: in the variable `testSetup`, as JSON. */
export interface TestSetup {
  /** The time at the beginning, milliseconds since the epoch. */
  readonly nowMs: number;
  readonly dispatches: readonly DispatchRecord[];
  readonly facts?: Partial<SessionFacts>;
  /** Whether a key is asked for; it must be `right`. */
  readonly asksKey?: boolean;
  readonly audit?: readonly {
    readonly atMs: number;
    readonly before: DispatchRecord | null;
    readonly after: DispatchRecord | null;
  }[];
}
