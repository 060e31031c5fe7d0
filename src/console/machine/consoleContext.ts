import type { ActorRefFrom } from 'xstate';
import type { DispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import type { DispatchPoolSnapshot } from '../../../machines/pool/dispatchPool.js';
import type { DispatchRegistry } from '../../../machines/pool/dispatchRegistry.js';
import type { SyncStatus } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatchErrorJson } from '../../model/dispatchError.js';
import type { PlanFormInput } from '../plan/planFormContext.js';
import type { SessionFacts } from '../session/sessionPort.js';
import type { DeliveredRuns } from '../travel/deliveredRuns.js';
import type { DispatchVersion } from '../travel/dispatchVersions.js';
import type { Simulation } from '../travel/simulateUntil.js';
import { initialView, type ViewState } from '../view/viewState.js';

/** Input of the console machine. */
export interface ConsoleInput {
  /** The present time, milliseconds since the epoch. */
  readonly nowMs: number;
  /** IANA name of the time zone that is shown at first. */
  readonly zone: string;
}

/** An open microgrid. */
export interface OpenMicrogrid {
  readonly id: number;
  /** Its dispatcher; an ordinary actor of `dispatcherMachine`. */
  readonly dispatcher: ActorRefFrom<DispatcherMachine>;
  /** What the dispatcher last said of its sync; null: nothing yet. */
  readonly sync: SyncStatus | null;
  /** When it became live for the first time, milliseconds since the epoch: what was delivered is known from then on. Null: it did not. */
  readonly witnessedFromMs: number | null;
  /** What a dispatcher beside the console has announced in the past; null: not known. */
  readonly delivered: DeliveredRuns | null;
  /** The last problem that the dispatcher told; null: none. */
  readonly problem: DispatchErrorJson | null;
}

/** Context of the console machine. The dispatches are not in it: they are in the pools of its dispatchers. */
export interface ConsoleContext {
  readonly nowMs: number;
  /** The session; null: signed out. */
  readonly session: SessionFacts | null;
  /** Why signing in failed; null: it did not. */
  readonly signInProblem: DispatchErrorJson | null;
  /** Open microgrids, in the order of their opening. */
  readonly microgrids: readonly OpenMicrogrid[];
  /** Id of the microgrid that is shown; null: none is open. */
  readonly shownId: number | null;
  readonly view: ViewState;
  /** What the form for a dispatch is about; null: it is closed. */
  readonly plan: PlanFormInput | null;
  /** The instant that is looked at, milliseconds since the epoch; null: the present. */
  readonly travelMs: number | null;
  /** Versions of the dispatches of the shown microgrid by its audit, oldest first; null: not known. */
  readonly versions: readonly DispatchVersion[] | null;
  /** Why the audit could not be read, or the future not be simulated; null: it was, or was not asked for. */
  readonly travelProblem: DispatchErrorJson | null;
  /** What will have happened until the instant that is looked at; null: it is not simulated. */
  readonly simulation: Simulation | null;
}

/** The context at the beginning. */
export function initialContext({ input }: { input: ConsoleInput }): ConsoleContext {
  return {
    nowMs: input.nowMs,
    session: null,
    signInProblem: null,
    microgrids: [],
    shownId: null,
    view: initialView(input.nowMs, input.zone),
    plan: null,
    travelMs: null,
    versions: null,
    travelProblem: null,
    simulation: null,
  };
}

/** The microgrid that is shown; undefined: none. */
export function shownMicrogrid({ microgrids, shownId }: ConsoleContext): OpenMicrogrid | undefined {
  return microgrids.find(({ id }) => id === shownId);
}

/** Whether the service refuses the key of the session, as of the last attempt of the shown microgrid to connect. */
export function isKeyRefused(context: ConsoleContext): boolean {
  return shownMicrogrid(context)?.sync?.problem?.code === 'UNAUTHENTICATED';
}

/** Whether something can be changed: the key may, and is accepted. */
export function mayWrite(context: ConsoleContext): boolean {
  return context.session?.mayWrite === true && !isKeyRefused(context);
}

/** When data of a microgrid last arrived, milliseconds since the epoch; null: never. Its sync tells so only when it changes. */
export function lastContactOf({ dispatcher }: OpenMicrogrid): number | null {
  return dispatcher.getSnapshot().context.lastContactMs;
}

/** The dispatches of a dispatcher: a live view of its pool. Undefined when the dispatcher has stopped. */
export function registryOf({ dispatcher }: OpenMicrogrid): DispatchRegistry | undefined {
  const snapshot: DispatchPoolSnapshot | undefined = dispatcher.getSnapshot().children.pool?.getSnapshot();
  return snapshot?.context;
}
