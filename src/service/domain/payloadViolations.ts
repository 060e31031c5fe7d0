import type { JsonObject, JsonValue } from '../../model/dispatchRecord.js';
import { structByteLength } from '../../wire/structByteLength.js';
import { quoted, type Violation } from './invalidRequest.js';

/** Maximum number of levels of objects and lists, the payload itself included. */
export const MAX_LEVELS = 5;
const MAX_BYTES = 50 * 1024;

/** A key that a path can contain unquoted. */
const PLAIN_KEY = /^[a-z_]\w{0,29}$/i;

/**
 * Validates a payload: the contract allows five levels of objects and lists, the payload itself included, and 50 KB; JSON has
 * neither NaN nor infinities.
 *
 * @param field - the path of the payload.
 */
export function* payloadViolations(payload: JsonObject | undefined, field: string): Generator<Violation> {
  if (!payload) return;
  const length = structByteLength(payload);
  if (length > MAX_BYTES) yield { field, problem: `must have at most ${MAX_BYTES} bytes when encoded, not ${length}` };
  yield* valueViolations(payload, field, 1);
}

type Suspect = number | JsonObject | readonly JsonValue[];

/** Messages nest at most 100 levels deep, so this cannot overflow the stack. */
function* valueViolations(value: Suspect, field: string, level: number): Generator<Violation> {
  if (typeof value === 'number') {
    yield { field, problem: `must be a finite number, not ${value}` };
  } else if (level > MAX_LEVELS) {
    yield { field, problem: `must not be an object or list: they may nest ${MAX_LEVELS} levels deep` };
  } else {
    const members: Iterable<[number | string, JsonValue]> = Array.isArray(value)
      ? value.entries()
      : Object.entries(value);
    for (const [key, inner] of members) {
      if (canBeWrong(inner)) yield* valueViolations(inner, field + pathStep(key), level + 1);
    }
  }
}

/** What a key of an object, or an index of a list, adds to a path. */
export function pathStep(key: number | string): string {
  if (typeof key === 'number') return `[${key}]`;
  return PLAIN_KEY.test(key) ? `.${key}` : `[${quoted(key)}]`;
}

function canBeWrong(value: JsonValue): value is Suspect {
  return typeof value === 'number' ? !Number.isFinite(value) : typeof value === 'object' && value !== null;
}
