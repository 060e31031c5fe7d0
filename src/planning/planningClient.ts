import type { MicrogridClient } from '../client/microgridClient.js';
import { DispatchError } from '../model/dispatchError.js';

/** The calls of a dispatch service for one microgrid that planning makes. */
export type PlanningClient = Pick<
  MicrogridClient,
  'microgridId' | 'create' | 'get' | 'update' | 'delete' | 'listPages'
>;

/** Whether a call failed because its dispatch does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof DispatchError && error.code === 'NOT_FOUND';
}
