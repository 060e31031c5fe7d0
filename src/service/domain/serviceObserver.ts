/** What a store is asked to do, as metrics name it. `changes` is reading the change log or its head. */
export type StoreOperation = 'write' | 'get' | 'list' | 'count' | 'changes' | 'audit' | 'prune' | 'check';

/** Receives what a store and a change feed do, to measure it. */
export interface ServiceObserver {
  /**
   * An operation of the store begins.
   *
   * @returns to be called once when the operation has ended, with its error if it failed.
   */
  operationStarted(operation: StoreOperation): (error?: unknown) => void;
  /**
   * A change was handed to a stream to be sent.
   *
   * @param atUs - the instant of the change, in microseconds since the epoch.
   */
  changeDelivered(atUs: number): void;
  /** A stream was ended because its peer does not read as fast as changes are made. */
  streamDropped(): void;
}

/** Runs an operation of a store, and tells the observer, if there is one, of its start and its end. */
export async function observed<Result>(
  observer: ServiceObserver | undefined,
  operation: StoreOperation,
  run: () => Promise<Result>,
): Promise<Result> {
  if (!observer) return run();
  const ended = observer.operationStarted(operation);
  try {
    const result = await run();
    ended();
    return result;
  } catch (error) {
    ended(error);
    throw error;
  }
}
