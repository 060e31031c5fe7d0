import type { JsonObject, JsonValue } from '../../model/dispatchRecord.js';
import { checkRule } from '../../model/recurrence/checkRule.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import type { CategorySelector, Selector } from '../../model/selector.js';
import { parseInstant } from '../../planning/parseInstant.js';
import type { DispatchPlan } from '../../planning/planned.js';
import { parseJsonObject } from '../../planning/text/parsePayload.js';
import { type ExchangeEntry, readEntries } from './exchangeEntry.js';

/** What only a service decides: it is read over. */
const OF_SERVICE = ['id', 'microgridId', 'createTime', 'updateTime', 'endTime'];
const RULE_LISTS = ['byMinutes', 'byHours', 'byWeekdays', 'byMonthDays', 'byMonths'];

/** Reads dispatches as `export` and `list --json` print them: one JSON object a line. Empty lines are left out. */
export function readJsonLines(text: string): ExchangeEntry[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), source: `line ${index + 1}` }))
    .filter(({ line }) => line !== '')
    .flatMap(({ line, source }) => readEntries(source, () => ({ plans: [planFromJson(parseJsonObject(line))] })));
}

/**
 * Reads the plan of a dispatch as JSON has it.
 *
 * @throws RangeError that says which field is wrong and what is allowed.
 */
export function planFromJson(json: JsonObject): DispatchPlan {
  const known = { ...json };
  for (const name of OF_SERVICE) delete (known as Record<string, unknown>)[name];
  const {
    type,
    startTime,
    durationMs = null,
    selector,
    active = true,
    dryRun = false,
    payload = {},
    recurrence = null,
    deleted = false,
    ...others
  } = known;
  noOthers('', others);
  if (deleted !== false) throw new RangeError('deleted must be false: the dispatch was deleted');
  return {
    type: typed('type', type, 'string'),
    startTimeMs: timeOf('startTime', startTime),
    durationMs: durationMs === null ? null : typed('durationMs', durationMs, 'number'),
    selector: selectorFromJson(selector),
    active: typed('active', active, 'boolean'),
    dryRun: typed('dryRun', dryRun, 'boolean'),
    payload: objectOf('payload', payload),
    recurrence: recurrence === null ? null : ruleFromJson(objectOf('recurrence', recurrence)),
  };
}

/** Reads a target as JSON. */
export function selectorFromJson(value: JsonValue | undefined): Selector {
  const { ids, categories, ...others } = objectOf('selector', value);
  noOthers('selector.', others);
  if ((ids === undefined) === (categories === undefined)) {
    throw new RangeError('selector must have either ids or categories');
  }
  if (ids !== undefined) return { ids: listOf('selector.ids', ids, id => typed('selector.ids', id, 'number')) };
  return {
    categories: listOf('selector.categories', categories, entry => {
      const { category, battery, inverter, evCharger, ...rest } = objectOf('selector.categories', entry);
      noOthers('selector.categories.', rest);
      if (category === undefined) throw new RangeError('selector.categories must each have a category');
      // Whether the names exist is checked where they are encoded.
      return entry as unknown as CategorySelector;
    }),
  };
}

function ruleFromJson(json: JsonObject): RecurrenceRule {
  const { frequency, interval = 1, count, untilMs, ...lists } = json;
  noOthers('recurrence.', lists, RULE_LISTS);
  for (const [name, list] of Object.entries(lists)) listOf(`recurrence.${name}`, list, entry => entry);
  const rule = {
    frequency,
    interval,
    ...(count !== undefined && { count }),
    ...(untilMs !== undefined && { untilMs }),
    ...lists,
  } as unknown as RecurrenceRule;
  try {
    checkRule(rule);
  } catch (error) {
    throw error instanceof RangeError ? new RangeError(`recurrence.${error.message}`) : error;
  }
  return rule;
}

function timeOf(name: string, value: JsonValue | undefined): number {
  const text = typed(name, value, 'string');
  const ms = parseInstant(text);
  if (Number.isNaN(ms)) throw new RangeError(`${name} must be a time such as 2026-04-01T14:00:00Z, got ${text}`);
  return ms;
}

interface Types {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

function typed<Name extends keyof Types>(name: string, value: JsonValue | undefined, type: Name): Types[Name] {
  if (typeof value === type) return value as Types[Name];
  throw new RangeError(`${name} must be a ${type}, got ${JSON.stringify(value)}`);
}

function objectOf(name: string, value: JsonValue | undefined): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new RangeError(`${name} must be an object, got ${JSON.stringify(value)}`);
}

function listOf<T>(name: string, value: JsonValue | undefined, read: (entry: JsonValue) => T): T[] {
  if (!Array.isArray(value)) throw new RangeError(`${name} must be a list, got ${JSON.stringify(value)}`);
  return value.map(read);
}

function noOthers(path: string, others: object, known: readonly string[] = []): void {
  const [unknown] = Object.keys(others).filter(name => !known.includes(name));
  if (unknown !== undefined) throw new RangeError(`${path}${unknown} is not known`);
}
