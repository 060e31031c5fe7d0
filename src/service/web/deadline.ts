import { DispatchError } from '../../model/dispatchError.js';
import { quoted } from '../domain/invalidRequest.js';
import type { WebProtocol } from './webProtocol.js';

/** When the caller of a call waits no longer. */
export interface Deadline {
  /** In milliseconds since the epoch; infinite when the caller did not say. */
  readonly atMs: number;
  /** What is wrong with what the caller said. */
  readonly problem: DispatchError | null;
  /** The call has ended. */
  clear(): void;
}

/** The longest wait of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Reads the deadline of a call from a header.
 *
 * @param onOver - is called once it has passed.
 */
export function deadline(
  header: string | readonly string[] | undefined,
  { timeoutHeader, timeoutForm, timeoutMs }: WebProtocol,
  onOver: () => void,
): Deadline {
  const none = { atMs: Number.POSITIVE_INFINITY, problem: null, clear() {} };
  if (header === undefined) return none;
  const text = String(header);
  const span = timeoutMs(text);
  if (span === undefined) {
    const description = `${timeoutHeader}: must be ${timeoutForm}, not ${quoted(text)}`;
    return { ...none, problem: new DispatchError('INVALID_ARGUMENT', description, { field: timeoutHeader }) };
  }
  const timer = setTimeout(onOver, Math.min(span, MAX_TIMER_MS));
  return { atMs: Date.now() + span, problem: null, clear: () => clearTimeout(timer) };
}
