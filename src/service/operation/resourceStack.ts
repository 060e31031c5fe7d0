import { DispatchError } from '../../model/dispatchError.js';

/** Resources in the order in which they were opened, closed in reverse. What `AsyncDisposableStack` is, which Node 20 lacks. */
export interface ResourceStack {
  /**
   * Adds what closes a resource that has just been opened.
   *
   * @param name - of the resource, for messages, such as `the database`.
   */
  defer(name: string, close: () => unknown): void;
  /**
   * Closes every resource, the last opened first, each one even if others cannot be closed. Closing twice is closing once.
   *
   * @throws DispatchError UNKNOWN that names what could not be closed; its cause is the error, or an `AggregateError` of
   * several.
   */
  close(): Promise<void>;
}

/** Creates an empty stack. */
export function resourceStack(): ResourceStack {
  const resources: { readonly name: string; readonly close: () => unknown }[] = [];
  let closing: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    const failures: { readonly name: string; readonly error: unknown }[] = [];
    for (let last = resources.pop(); last; last = resources.pop()) {
      try {
        await last.close();
      } catch (error) {
        failures.push({ name: last.name, error });
      }
    }
    const [first] = failures;
    if (!first) return;
    const text = failures.map(
      ({ name, error }) => `${name} (${error instanceof Error ? error.message : String(error)})`,
    );
    const errors = failures.map(({ error }) => error);
    const cause = errors.length === 1 ? first.error : new AggregateError(errors);
    throw new DispatchError('UNKNOWN', `could not be closed: ${text.join('; ')}`, { cause });
  }

  return {
    defer(name, close) {
      if (closing) throw new Error(`${name} was opened after the stack was closed`);
      resources.push({ name, close });
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
