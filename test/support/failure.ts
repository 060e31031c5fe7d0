import type { DispatchError } from '../../src/model/dispatchError.js';

/** What a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<DispatchError> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    error => error,
  );
}
