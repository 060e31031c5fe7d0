// biome-ignore lint/suspicious/noTsIgnore: an error is not expected here, but where fast-check is not installed
/** @ts-ignore: `any` without fast-check, which is optional to install. This comment stays in the declarations. */
import type { Arbitrary, default as FastCheck } from 'fast-check';
import { DispatchError } from '../model/dispatchError.js';
import { loadOptional } from '../model/loadOptional.js';

/** Exported from here, so that declarations name fast-check only once. */
export type { Arbitrary };

/** Loaded at once, so that arbitraries are made without waiting and are of the fast-check that the program itself imports. */
const loaded = await loadOptional('an arbitrary of xstate-dispatch/testing', () => import('fast-check'), '').catch(
  error => {
    if (error instanceof DispatchError) return error;
    throw error;
  },
);

/**
 * fast-check, which only arbitraries need.
 *
 * @throws DispatchError FAILED_PRECONDITION when it is not installed.
 */
export function fastCheck(): typeof FastCheck {
  if (loaded instanceof DispatchError) throw loaded;
  return loaded.default;
}
