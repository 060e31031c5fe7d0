import { randomBytes } from 'node:crypto';

import { DispatchError } from '../../model/dispatchError.js';
import { verifySignature } from '../../wire/signature.js';
import { addressBudget } from './addressBudget.js';
import type { CallAccess } from './callAccess.js';
import { BURST_S, type CallKind, callLimiter, limitExceeded } from './callLimiter.js';
import type { EffectiveLimits } from './callLimits.js';
import { healthBudget } from './healthBudget.js';
import { ANYBODY, type ApiKey, type Caller, type KeyRing } from './keyRing.js';
import { methodOf, neededAccess } from './methodAccess.js';
import { usedNonces } from './usedNonces.js';

/** What is known of a call when its headers have arrived. */
export interface CallHeaders {
  /** The path of its method. */
  readonly path: string;
  readonly isStream: boolean;
  /** The address of its peer, without a port. */
  readonly address: string;
  /** Its metadata; what is missing is an empty string. */
  readonly key: string;
  readonly ts: string;
  readonly nonce: string;
  readonly sig: string;
}

/** A call that is let in. */
export interface Admission {
  readonly access: CallAccess;
  /** Whether it is a health check, which everybody may make. */
  readonly isHealth: boolean;
  /** To be called when the call has ended. */
  leave(): void;
}

/** What was decided on a call. */
export type Verdict =
  | Admission
  | {
      readonly refusal: DispatchError;
      /** Its caller, if the key and the signature were right. */
      readonly caller?: Caller | undefined;
    };

/** Decides which calls are let in. */
export interface CallGate {
  judge(call: CallHeaders): Verdict;
  /**
   * Counts the request of a call that was let in, once it has arrived.
   *
   * @throws DispatchError RESOURCE_EXHAUSTED when its key exceeds the rate.
   */
  charge(access: CallAccess, bytes: number): void;
}

/** Maximum difference between the timestamp of a signed call and the clock of the service. */
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;
/** Maximum length of a nonce; clients send 24 characters. */
const MAX_NONCE_LENGTH = 64;
/** Seconds since the epoch, within the calendar. */
const TIMESTAMP = /^\d{1,12}$/;
/** Maximum length of a timestamp that is told. */
const MAX_TIMESTAMP_LENGTH = 32;

/** Health checks need no key. */
const HEALTH_PATH = /^\/grpc\.health\.v1\.Health\//;

// These refusals are made once: of all that one costs, an error with its stack is the most.
const NO_KEY = refusal('the call has no API key (metadata `key`)');
const UNKNOWN_KEY = refusal('the API key is not accepted');
const NOT_SIGNED = refusal('the call is not signed (metadata `ts`, `nonce` and `sig`)');
const WRONG_SIGNATURE = refusal('the signature is invalid');
const LONG_NONCE = refusal(`the nonce of the signature is longer than ${MAX_NONCE_LENGTH} characters`);

/** Used instead of the secret of an unknown key, so that the refusal takes as long. */
const NO_SECRET = randomBytes(32).toString('base64');

/**
 * Creates the gate of a process, which judges calls by their headers, at the cost of one HMAC: key, time and signature
 * (UNAUTHENTICATED), limits (RESOURCE_EXHAUSTED), and nonce (UNAUTHENTICATED), in this order. Health checks need no key and have
 * a budget of their own.
 *
 * @param keys - null accepts every caller.
 */
export function callGate(keys: KeyRing | null, limits: EffectiveLimits): CallGate {
  const limiter = callLimiter(limits);
  const nonces = usedNonces();
  const health = healthBudget();
  const unauthenticated = addressBudget(limits.unauthenticatedPerSecond, BURST_S);
  const tooManyUnauthenticated = limitExceeded(
    `more than ${limits.unauthenticatedPerSecond} unauthenticated calls per second from this address`,
  );
  keys?.onRemoved(({ key }) => {
    limiter.forget(key);
    nonces.forget(key);
  });

  function admit(call: CallHeaders, setCaller: (caller: Caller) => void) {
    if (HEALTH_PATH.test(call.path)) {
      return { access: { apiKey: ANYBODY }, isHealth: true, leave: health.enter(call.address, call.isStream) };
    }
    const isHealth = false;
    if (keys === null) return { access: { apiKey: ANYBODY }, isHealth, leave: limiter.enter(ANYBODY, kindOf(call)) };
    const { apiKey, untilMs } = identify(keys, call, Date.now());
    setCaller(apiKey);
    const leave = limiter.enter(apiKey, kindOf(call));
    if (untilMs === null) return { access: { apiKey }, isHealth, leave };
    try {
      return { access: { apiKey, nonce: nonces.take(apiKey.key, call.nonce, untilMs) }, isHealth, leave };
    } catch (error) {
      leave();
      throw error;
    }
  }

  return {
    judge(call) {
      let caller: Caller | undefined;
      try {
        return admit(call, found => {
          caller = found;
        });
      } catch (error) {
        if (!(error instanceof DispatchError)) throw error;
        const isExhausted = error.code === 'UNAUTHENTICATED' && !unauthenticated.take(call.address);
        return { refusal: isExhausted ? tooManyUnauthenticated : error, caller };
      }
    },
    charge: ({ apiKey }, bytes) => limiter.charge(apiKey, bytes),
  };
}

/**
 * Finds the key of a call, and checks its signature if the key has a secret. How long it takes does not depend on the key.
 *
 * @returns until when the nonce must not be used again, in milliseconds since the epoch; null without a secret.
 * @throws DispatchError UNAUTHENTICATED
 */
function identify(keys: KeyRing, call: CallHeaders, nowMs: number): { apiKey: ApiKey; untilMs: number | null } {
  const { key, ts, nonce, sig } = call;
  if (key === '') throw NO_KEY;
  const apiKey = keys.find(key);
  const tsMs = TIMESTAMP.test(ts) ? Number(ts) * 1000 : Number.NaN;
  const isInTime = Math.abs(nowMs - tsMs) <= MAX_CLOCK_DIFFERENCE_MS;
  const isSigned = ts !== '' && nonce !== '' && sig !== '';
  const isRightlySigned =
    isInTime &&
    isSigned &&
    nonce.length <= MAX_NONCE_LENGTH &&
    verifySignature({ key, ts, nonce, methodPath: call.path }, apiKey?.secret ?? NO_SECRET, sig);
  if (!apiKey) throw UNKNOWN_KEY;
  if (apiKey.secret === undefined) return { apiKey, untilMs: null };
  if (!isSigned) throw NOT_SIGNED;
  if (!isInTime) throw wrongTime(ts, tsMs, nowMs);
  if (nonce.length > MAX_NONCE_LENGTH) throw LONG_NONCE;
  if (!isRightlySigned) throw WRONG_SIGNATURE;
  return { apiKey, untilMs: tsMs + MAX_CLOCK_DIFFERENCE_MS };
}

function kindOf({ path, isStream }: CallHeaders): CallKind {
  if (isStream) return 'streams';
  return neededAccess(methodOf(path)) === 'write' ? 'writes' : 'reads';
}

/** Tells both clocks: whoever has the wrong time sees which one it is. */
function wrongTime(ts: string, tsMs: number, nowMs: number): DispatchError {
  if (Number.isNaN(tsMs)) {
    const given = ts.length > MAX_TIMESTAMP_LENGTH ? '' : `, not '${ts}'`;
    const present = Math.floor(nowMs / 1000);
    return refusal(`the timestamp of the signature must be in whole seconds since 1970, such as ${present}${given}`);
  }
  return refusal(
    'the timestamp of the signature differs from the time of this service by more than five minutes: ' +
      `the call is signed at ${isoTime(tsMs)}, and here it is ${isoTime(nowMs)}`,
  );
}

/** To the second. */
function isoTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function refusal(reason: string): DispatchError {
  return new DispatchError('UNAUTHENTICATED', reason);
}
