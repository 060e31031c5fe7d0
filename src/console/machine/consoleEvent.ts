import type { LifecycleEvent, ProblemEvent, SyncStatusEvent } from '../../../machines/protocol/dispatcherOutput.js';
import type { PlanPreviewed } from '../plan/planFormEvent.js';
import type { PlanRestored } from '../plan/plannerMachine.js';
import type { PlanRequest } from '../plan/planRequest.js';
import type { DeliveredRuns } from '../travel/deliveredRuns.js';
import type { ViewChoices } from '../view/viewState.js';

/** Events to `consoleMachine`. All but the last five are sent by the page. */
export type ConsoleEvent =
  | { readonly type: 'session.open'; readonly fields: Readonly<Record<string, string>> }
  | { readonly type: 'session.close' }
  | { readonly type: 'microgrid.opened'; readonly microgridId: number }
  | { readonly type: 'microgrid.closed'; readonly microgridId: number }
  /** Another of the open microgrids is shown. */
  | { readonly type: 'microgrid.shown'; readonly microgridId: number }
  | { readonly type: 'view.chosen'; readonly choices: ViewChoices }
  | { readonly type: 'view.zoomed'; readonly factor: number; readonly aroundMs: number | null }
  | { readonly type: 'view.panned'; readonly byMs: number }
  | { readonly type: 'view.timeShown'; readonly fromMs: number; readonly toMs: number }
  /** The view follows the present from now on. */
  | { readonly type: 'view.followed' }
  /** Time has passed. */
  | { readonly type: 'clock.ticked'; readonly atMs: number }
  | { readonly type: 'log.paused' }
  | { readonly type: 'log.resumed' }
  /** The console looks at another instant: earlier ones are told by the audit, later ones simulated. */
  | { readonly type: 'time.travelled'; readonly toMs: number }
  | { readonly type: 'time.returned' }
  /** The form for a dispatch is opened; ignored where the session may not write. */
  | { readonly type: 'plan.opened'; readonly request: PlanRequest }
  | PlanPreviewed
  | PlanRestored
  | { readonly type: 'plan.closed' }
  /** The history of a dispatcher was read. */
  | { readonly type: 'history.read'; readonly microgridId: number; readonly delivered: DeliveredRuns | null }
  | SyncStatusEvent
  | ProblemEvent
  | LifecycleEvent
  /** A dispatcher has failed. */
  | { readonly type: `xstate.error.actor.${string}`; readonly error: unknown };
