import type { JsonValue } from './dispatchRecord.js';

/** Freezes a JSON value and everything in it, in place; returns it. */
export function deepFreeze<T extends JsonValue>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
