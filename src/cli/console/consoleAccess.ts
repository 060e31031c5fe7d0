import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import type { Clock } from '../../../machines/protocol/clock.js';
import { systemClock } from '../../dispatcher/systemClock.js';
import { DispatchError } from '../../model/dispatchError.js';

/** Who may use a console that is served on this machine: whoever has a link, which works once. */
export interface ConsoleAccess {
  /** The key of the calls of its pages: random, and known to this process and its pages only. */
  readonly key: string;
  /** Makes a code that {@link exchange} takes once. */
  newCode(): string;
  /**
   * Takes a code. For {@link CLAIM_MS} it can be taken again with the claim of whoever took it: a page that is loaded anew before it has the answer.
   *
   * @param claim - a secret of whoever takes it; absent: it cannot be taken again.
   * @returns whether it was taken for the first time.
   * @throws DispatchError UNAUTHENTICATED when it is none, or was taken before.
   */
  exchange(code: unknown, claim: unknown): boolean;
  /** @throws DispatchError UNAUTHENTICATED when it is not the key. */
  checkKey(key: unknown): void;
}

/** Maximum number of codes that wait to be taken; the oldest ends. */
const MAX_CODES = 16;
const BYTES = 32;
/** Time in milliseconds for which a code that was taken can be taken again with its claim. */
const CLAIM_MS = 60_000;
/** Minimum length of a claim: it must not be guessed. */
const MIN_CLAIM = 32;

interface TakenCode {
  readonly claim: Buffer;
  readonly untilMs: number;
}

/** Creates the access to the console of this process. */
export function consoleAccess(clock: Pick<Clock, 'monotonicMs'> = systemClock): ConsoleAccess {
  const key = randomBytes(BYTES).toString('base64url');
  const keyDigest = digest(key);
  const codes = new Set<string>();
  const taken = new Map<string, TakenCode>();
  /** Of few codes, the newest. */
  const limit = (known: Pick<Set<string>, 'size' | 'keys' | 'delete'>) => {
    const [oldest] = known.keys();
    if (known.size > MAX_CODES && oldest !== undefined) known.delete(oldest);
  };
  return {
    key,
    newCode() {
      const code = randomBytes(BYTES).toString('base64url');
      codes.add(digest(code).toString('hex'));
      limit(codes);
      return code;
    },
    exchange(code, claim) {
      const id = typeof code === 'string' ? digest(code).toString('hex') : '';
      const claimed = typeof claim === 'string' && claim.length >= MIN_CLAIM ? digest(claim) : null;
      if (codes.delete(id)) {
        if (claimed !== null) taken.set(id, { claim: claimed, untilMs: clock.monotonicMs() + CLAIM_MS });
        limit(taken);
        return true;
      }
      const before = taken.get(id);
      if (before !== undefined && claimed !== null && clock.monotonicMs() < before.untilMs)
        if (timingSafeEqual(claimed, before.claim)) return false;
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
