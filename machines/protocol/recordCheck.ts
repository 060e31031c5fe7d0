/** A value as JSON has it, as far as is known. */
export type Json = Readonly<Record<string, unknown>>;

/** Name of a field, whether its value is valid, and what is allowed. */
export type Check = readonly [field: string, isValid: (value: unknown) => boolean, allowed: string];

const isText = (value: unknown) => typeof value === 'string';
const isFlag = (value: unknown) => typeof value === 'boolean';
/** Whether a value is an integer that a `Date` can hold. */
export const isInstant = (value: unknown) => Number.isSafeInteger(value) && Math.abs(Number(value)) <= 8.64e15;
/** Whether a value is an instant or null. */
export const isInstantOrNull = (value: unknown) => value === null || isInstant(value);
/** Whether a value is an id: an integer of 0 or more. */
export const isId = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;

/** What is allowed for an instant, for messages. */
export const instant = 'an integer of milliseconds';
/** What is allowed for an instant that may be missing, for messages. */
export const instantOrNull = `${instant} or null`;

/** Checks of the fields of a dispatch record but its microgrid. */
export const recordChecks: readonly Check[] = [
  ['id', isId, 'an integer of 0 or more'],
  ['type', isText, 'a string'],
  ['startTimeMs', isInstant, instant],
  ['durationMs', value => value === null || isId(value), `${instant}, 0 or more, or null`],
  ['selector', isSelector, 'ids or categories'],
  ['active', isFlag, 'a boolean'],
  ['dryRun', isFlag, 'a boolean'],
  ['payload', isObject, 'an object'],
  ['recurrence', value => value === null || isObject(value), 'a rule or null'],
  ['createTime', isText, 'a string'],
  ['updateTime', isText, 'a string'],
  ['endTimeMs', isInstantOrNull, instantOrNull],
];

/** The first field that is invalid, in a sentence; null: none. */
export function firstViolation(holder: Json, path: string, checks: readonly Check[]): string | null {
  for (const [field, isValid, allowed] of checks) {
    if (!isValid(holder[field])) return `${path}${field} must be ${allowed}, not ${show(holder[field])}`;
  }
  return null;
}

/** Whether a value is an object, but no list. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSelector(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { ids, categories } = value;
  if (ids !== undefined) return categories === undefined && Array.isArray(ids) && ids.every(isId);
  return (
    Array.isArray(categories) &&
    categories.every(entry => isObject(entry) && (isText(entry.category) || isInstant(entry.category)))
  );
}

/** A value in an error message. */
export function show(value: unknown): string {
  // JSON has no NaN, and a circular value has no JSON.
  if (typeof value !== 'string') return Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : String(value);
  return value.length > 40 ? `'${value.slice(0, 40)}…'` : `'${value}'`;
}
