import { DispatchError } from '../model/dispatchError.js';

/** The error for a message that this version cannot represent. */
export function undecodable(field: string, problem: string): DispatchError {
  return new DispatchError('UNDECODABLE', `${field} ${problem}`, { field });
}
