import { DispatchError } from '../../model/dispatchError.js';
import type { ApiKey } from './keyRing.js';

/** What a method does with a microgrid: it reads its dispatches, changes them, or reads its audit. */
export type MethodAccess = 'read' | 'write' | 'audit';

const METHODS: { readonly [method: string]: MethodAccess } = {
  CreateMicrogridDispatch: 'write',
  UpdateMicrogridDispatch: 'write',
  DeleteMicrogridDispatch: 'write',
  ListAudit: 'audit',
  FollowAudit: 'audit',
};

/** The method of a path, such as `CreateMicrogridDispatch`. */
export function methodOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What a key needs to call a method, given without its service. */
export function neededAccess(method: string): MethodAccess {
  return METHODS[method] ?? 'read';
}

/** The error for a call that its key does not allow; null when it does. */
export function missingAccess(
  { access, audit }: Pick<ApiKey, 'access' | 'audit'>,
  needed: MethodAccess,
): DispatchError | null {
  if (needed === 'write' && access === 'read') return denied('may only read');
  return needed === 'audit' && !audit ? denied('may not read the audit') : null;
}

function denied(problem: string): DispatchError {
  return new DispatchError('PERMISSION_DENIED', `the API key ${problem}`);
}
