import { createActor } from 'xstate';
import { type DispatchState, dispatchMachine } from '../../../machines/dispatch/dispatchMachine.js';
import { evaluationProblem } from '../../../machines/pool/evaluationProblem.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { type ConsoleContext, registryOf, shownMicrogrid } from '../machine/consoleContext.js';

/**
 * The state of a dispatch at the instant that is looked at, as its own machine has it: of the past by the version of then, of the future by
 * the present record. Null: there is no such dispatch then.
 */
export function stateAt(context: ConsoleContext, id: number): DispatchState | null {
  const { travelMs, nowMs, versions } = context;
  const atMs = travelMs ?? nowMs;
  const microgrid = shownMicrogrid(context);
  const present = (microgrid && registryOf(microgrid))?.get(id)?.dispatch;
  const then =
    atMs < nowMs && versions !== null
      ? versions.find(({ record, fromMs, toMs }) => record.id === id && fromMs <= atMs && atMs < toMs)?.record
      : present;
  return then === undefined ? null : stateOf(then, atMs);
}

/** The state that the machine of a dispatch begins in; null: it cannot be evaluated. */
function stateOf(dispatch: DispatchRecord, atMs: number): DispatchState | null {
  if (evaluationProblem(dispatch) !== null) return null;
  const actor = createActor(dispatchMachine, { input: { dispatch, atMs } }).start();
  const { value } = actor.getSnapshot();
  actor.stop();
  return value as DispatchState;
}
