import { DispatchError, messageOf } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { assertEvaluable } from '../../src/model/schedule.js';

/** Why the schedule of a dispatch cannot be evaluated; null: it can. */
export function evaluationProblem(dispatch: DispatchRecord): DispatchError | null {
  try {
    assertEvaluable(dispatch);
    return null;
  } catch (cause) {
    const { id, microgridId } = dispatch;
    const message = `dispatch ${id} cannot be evaluated: ${messageOf(cause)}`;
    return new DispatchError('UNEVALUABLE', message, { microgridId, dispatchId: id, cause });
  }
}
