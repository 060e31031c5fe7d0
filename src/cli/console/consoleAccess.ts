import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import { DispatchError } from '../../model/dispatchError.js';

/** Who may use a console that is served on this machine: whoever has a link, which works once. */
export interface ConsoleAccess {
  /** The key of the calls of its pages: random, and known to this process and its pages only. */
  readonly key: string;
  /** Makes a code that {@link exchange} takes once. */
  newCode(): string;
  /**
   * Takes a code.
   *
   * @throws DispatchError UNAUTHENTICATED when it is none, or was taken before.
   */
  exchange(code: unknown): void;
  /** @throws DispatchError UNAUTHENTICATED when it is not the key. */
  checkKey(key: unknown): void;
}

/** Maximum number of codes that wait to be taken; the oldest ends. */
const MAX_CODES = 16;
const BYTES = 32;

/** Creates the access to the console of this process. */
export function consoleAccess(): ConsoleAccess {
  const key = randomBytes(BYTES).toString('base64url');
  const keyDigest = digest(key);
  const codes = new Set<string>();
  return {
    key,
    newCode() {
      const code = randomBytes(BYTES).toString('base64url');
      codes.add(digest(code).toString('hex'));
      const [oldest] = codes;
      if (codes.size > MAX_CODES && oldest !== undefined) codes.delete(oldest);
      return code;
    },
    exchange(code) {
      if (typeof code === 'string' && codes.delete(digest(code).toString('hex'))) return;
      throw new DispatchError(
        'UNAUTHENTICATED',
        'this link was used before, or is of an earlier start: open the one that dispatch console has printed last',
      );
    },
    checkKey(given) {
      if (typeof given === 'string' && timingSafeEqual(digest(given), keyDigest)) return;
      throw new DispatchError(
        'UNAUTHENTICATED',
        'the console has been started anew: open the link that it has printed',
      );
    },
  };
}

/** The time of looking up a digest reveals nothing about what it is of. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
