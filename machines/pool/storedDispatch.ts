import { deepFreeze } from '../../src/model/deepFreeze.js';
import { DispatchError, type DispatchErrorCode, messageOf } from '../../src/model/dispatchError.js';
import { assertEvaluable } from '../../src/model/schedule.js';
import type { StoredDispatch } from '../protocol/dispatcherStore.js';
import {
  type Check,
  firstViolation,
  instant,
  instantOrNull,
  isId,
  isInstant,
  isInstantOrNull,
  isObject,
  type Json,
  recordChecks,
  show,
} from '../protocol/recordCheck.js';

/**
 * Checks a dispatch from a store or a snapshot, and freezes its payload.
 *
 * @param value Any value.
 * @param microgridId The microgrid that it must belong to.
 * @throws DispatchError `DATA_LOSS` when it is not a stored dispatch, `UNEVALUABLE` when it is active and its recurrence rule is
 * invalid; the message names the dispatch, if known, and the field.
 */
export function readStoredDispatch(value: unknown, microgridId: number): StoredDispatch {
  const id = idOf(value);
  const name = id === undefined ? 'a stored dispatch' : `stored dispatch ${id}`;
  const wrong = violationOf(value, microgridId);
  if (wrong !== null) {
    const message = `${name} cannot be restored: ${wrong}`;
    throw new DispatchError('DATA_LOSS', message, { microgridId, dispatchId: id });
  }
  const stored = value as StoredDispatch;
  const { dispatch } = stored.context;
  // A dispatch that could not be evaluated after an update is stored as inactive.
  if (dispatch.active) attempt('UNEVALUABLE', `${name} cannot be evaluated`, () => assertEvaluable(dispatch));
  // A payload may contain itself.
  attempt('DATA_LOSS', `${name} cannot be restored: context.dispatch.payload is no JSON`, () => {
    deepFreeze(dispatch.payload);
  });
  return stored;

  function attempt(code: DispatchErrorCode, message: string, step: () => void): void {
    try {
      step();
    } catch (cause) {
      throw new DispatchError(code, `${message}: ${messageOf(cause)}`, { microgridId, dispatchId: id, cause });
    }
  }
}

const contextChecks: readonly Check[] = [
  ['atMs', isInstant, instant],
  ['cause', value => value === 'schedule' || value === 'update' || value === 'sync', 'schedule, update or sync'],
  ['run', value => value === null || isRun(value), 'a run or null'],
  ['doneMs', isInstantOrNull, instantOrNull],
  ['nextChange', value => value === null || isChange(value), 'the next change or null'],
];

/** The first invalid field of a stored dispatch; null: none. */
function violationOf(value: unknown, microgridId: number): string | null {
  if (!isObject(value)) return `it must be an object, not ${show(value)}`;
  const { state, context, notifiedMs } = value;
  if (state !== 'idle' && state !== 'running' && state !== 'stopped') {
    return `state must be idle, running or stopped, not ${show(state)}`;
  }
  if (!isObject(context)) return `context must be an object, not ${show(context)}`;
  const { dispatch } = context;
  if (!isObject(dispatch)) return `context.dispatch must be an object, not ${show(dispatch)}`;
  const wrong =
    firstViolation(dispatch, 'context.dispatch.', recordChecks) ?? firstViolation(context, 'context.', contextChecks);
  if (wrong !== null) return wrong;
  if (dispatch.microgridId !== microgridId) {
    return `context.dispatch.microgridId must be ${microgridId}, not ${show(dispatch.microgridId)}`;
  }
  if (!isInstantOrNull(notifiedMs)) return `notifiedMs must be ${instantOrNull}, not ${show(notifiedMs)}`;
  return contradictionIn(state, dispatch.active === true, context);
}

/** A contradiction between state and context, with which the machine would wait forever or could not announce its run; null: none. */
function contradictionIn(state: string, isActive: boolean, { run, nextChange }: Json): string | null {
  if (state !== 'running') {
    if (run !== null) return `context.run must be null in the state ${state}`;
    if (state === 'idle' && nextChange === null) return 'context.nextChange must not be null in the state idle';
    return null;
  }
  if (!isRun(run)) return 'context.run must not be null in the state running';
  if (!isActive) return 'context.dispatch.active must be true in the state running';
  if (run.endMs !== null && nextChange === null) return 'context.nextChange must not be null in a run that ends';
  return null;
}

function idOf(value: unknown): number | undefined {
  const dispatch = isObject(value) && isObject(value.context) ? value.context.dispatch : undefined;
  return isObject(dispatch) && isId(dispatch.id) ? Number(dispatch.id) : undefined;
}

function isRun(value: unknown): value is { startMs: number; endMs: number | null } {
  if (!isObject(value) || !isInstant(value.startMs)) return false;
  return value.endMs === null || (isInstant(value.endMs) && Number(value.endMs) >= Number(value.startMs));
}

function isChange(value: unknown): boolean {
  return isObject(value) && isInstant(value.atMs) && (value.kind === 'start' || value.kind === 'stop');
}
