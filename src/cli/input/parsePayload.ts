import { messageOf } from '../../model/dispatchError.js';
import type { JsonObject } from '../../model/dispatchRecord.js';
import { UsageError } from './usageError.js';

/** A JSON object; the braces around it may be left out. */
export function parsePayload(text: string): JsonObject {
  const trimmed = text.trim();
  let value: unknown;
  try {
    value = JSON.parse(/^\s*"[^"]*"\s*:/.test(trimmed) ? `{${trimmed}}` : trimmed);
  } catch (error) {
    throw new UsageError(`It is not JSON: ${messageOf(error)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new UsageError('It must be a JSON object, such as {"power_kw": 5}.');
}
