import { DispatchError } from '../model/dispatchError.js';

/** A plan cannot be carried out by what there is: a dispatch or a run that does not exist, or is not such that it can be done. */
export class PlanError extends DispatchError {}

/** What was asked of a plan is impossible, whatever the service has: nothing was tried. */
export class InvalidPlan extends Error {
  override readonly name = 'InvalidPlan';
}
