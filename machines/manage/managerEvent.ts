import type { RunningNotification } from '../dispatch/runNotification.js';

/** Told by a timer of the manager. A class, so that no actor can send it. */
export class WaitIsOver {
  readonly type = 'managing.due';
  readonly identity: string;

  constructor(identity: string) {
    this.identity = identity;
  }
}

/** Ends the manager as soon as its actors have ended, each within its time. A class, so that no actor can send it. */
export class EndManaging {
  readonly type = 'managing.end';
}

/** Events to a manager, beside those that XState sends. */
export type ManagerEvent = RunningNotification | WaitIsOver | EndManaging;
