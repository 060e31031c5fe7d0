import {
  BatteryType,
  EvChargerType,
  InverterType,
} from '../../proto/gen/frequenz/api/common/v1alpha8/microgrid/electrical_components/electrical_components.js';
import {
  type DispatchData,
  RecurrenceRule_Frequency as Frequency,
  type RecurrenceRule,
  type TargetComponents,
  RecurrenceRule_Weekday as Weekday,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { timestampProblem } from '../wire/timestampCodec.js';
import { isNoRule } from './canonicalData.js';
import { payloadProblems } from './payloadProblems.js';
import { categoriesOf, TYPE_KINDS } from './targetKeys.js';
import { roundedSeconds } from './timestamps.js';

const MAX_TYPE_LENGTH = 256;
/** Each is a row of an index: the contract sets no limit, and a request has room for millions. */
const MAX_COMPONENTS = 10_000;
const MAX_INTERVAL = 10_000;
const MAX_COUNT = 4096;

/** One thing that is wrong. */
export interface Violation {
  /** The field, by its path below the data in the protocol's names; empty for the data itself. */
  readonly field: string;
  /** What is wrong with it, as the end of a sentence that begins with the field. */
  readonly problem: string;
}

/** What validation depends on beside the data. */
export interface ValidationContext {
  /** The earliest start time allowed, in seconds since the epoch; null where the start time is not a new one. */
  readonly earliestStartS: number | null;
}

interface Rule {
  readonly field: string;
  problems(data: DispatchData, context: ValidationContext): Iterable<string | null>;
}

/**
 * What the service demands of a dispatch, beside a rule that can be evaluated. Each line yields what is wrong, if
 * anything. Limits are the contract's; what would end the Python clients of the microgrid (no target, enum numbers they
 * do not know) is refused with the rest.
 */
const RULES: readonly Rule[] = [
  { field: 'type', problems: ({ type }) => [typeProblem(type)] },
  { field: 'start_time', problems: (data, context) => [startTimeProblem(data, context)] },
  { field: 'target', problems: ({ target }) => targetProblems(target) },
  { field: 'payload', problems: ({ payload }) => payloadProblems(payload) },
  ruleField('freq', ({ freq }) => [
    freq === Frequency.UNSPECIFIED ? 'must be set' : null,
    ...unknownNumbers(Frequency, [freq]),
  ]),
  ruleField('interval', ({ interval }) => outsideOf(0, MAX_INTERVAL, [interval])),
  ruleField('end_criteria.count', ({ endCriteria }) => {
    const end = endCriteria?.countOrUntil;
    return end?.$case === 'count' ? outsideOf(1, MAX_COUNT, [end.value]) : [];
  }),
  ruleField('end_criteria.until_time', ({ endCriteria }) => {
    const end = endCriteria?.countOrUntil;
    return end?.$case === 'untilTime' ? [timestampProblem(end.value)] : [];
  }),
  ruleField('byminutes', ({ byminutes }) => outsideOf(0, 59, byminutes)),
  ruleField('byhours', ({ byhours }) => outsideOf(0, 23, byhours)),
  ruleField('byweekdays', ({ byweekdays }) => [
    byweekdays.includes(Weekday.UNSPECIFIED) ? 'names no weekday' : null,
    ...unknownNumbers(Weekday, byweekdays),
  ]),
  ruleField('bymonthdays', ({ bymonthdays }) =>
    bymonthdays.map(day => (day !== 0 && Math.abs(day) <= 31 ? null : `${day} is neither 1 to 31 nor -31 to -1`)),
  ),
  ruleField('bymonths', ({ bymonths }) => outsideOf(1, 12, bymonths)),
];

/** Everything that is wrong with what a client wants to store; empty when nothing is. */
export function validateDispatchData(data: DispatchData, context: ValidationContext): Violation[] {
  const violations: Violation[] = [];
  for (const { field, problems } of RULES) {
    for (const problem of problems(data, context)) if (problem !== null) violations.push({ field, problem });
  }
  return violations;
}

/** A rule about one field of the recurrence rule, where there is a recurrence rule. */
function ruleField(name: string, problems: (rule: RecurrenceRule) => Iterable<string | null>): Rule {
  return {
    field: `recurrence.${name}`,
    problems: ({ recurrence }) => (recurrence && !isNoRule(recurrence) ? problems(recurrence) : []),
  };
}

function typeProblem(type: string): string | null {
  if (type === '') return 'must not be empty';
  // PostgreSQL cannot hold it in a text.
  if (type.includes('\0')) return 'must not hold the character U+0000';
  const { length } = [...type];
  return length > MAX_TYPE_LENGTH ? `has ${length} characters, more than ${MAX_TYPE_LENGTH}` : null;
}

function startTimeProblem({ startTime }: DispatchData, { earliestStartS }: ValidationContext): string | null {
  if (!startTime) return 'must be set';
  const problem = timestampProblem(startTime);
  if (problem !== null || earliestStartS === null || roundedSeconds(startTime) >= earliestStartS) return problem;
  return 'lies in the past';
}

function* targetProblems(target: TargetComponents | undefined): Iterable<string> {
  const ids = target?.components?.$case === 'componentIds' ? target.components.value.ids : [];
  for (const id of ids) {
    if (id > Number.MAX_SAFE_INTEGER) yield `component id ${id} is above 2^53 - 1, which this service cannot represent`;
  }
  const categories = target ? categoriesOf(target) : [];
  const count = ids.length + categories.length;
  if (count > MAX_COMPONENTS) yield `names ${count} components, more than ${MAX_COMPONENTS}`;
  if (count === 0) yield 'must name at least one component id or category';
  for (const { category, type } of categories) {
    if (!type) continue;
    if (!isKnown(TYPES[type.$case], type.value)) yield `${TYPE_NAMES[type.$case]} type ${type.value} is unknown`;
    // Clients read a type without its category, so a category that is not set is filled in.
    if (category !== 0 && category !== TYPE_KINDS[type.$case].category) {
      yield `a type of ${TYPE_NAMES[type.$case]} does not fit category ${category}`;
    }
  }
}

const TYPES = { battery: BatteryType, inverter: InverterType, evCharger: EvChargerType } as const;
const TYPE_NAMES = { battery: 'battery', inverter: 'inverter', evCharger: 'EV charger' } as const;

function outsideOf(least: number, most: number, values: readonly number[]): (string | null)[] {
  return values.map(value => (value >= least && value <= most ? null : `${value} is not within ${least} to ${most}`));
}

function unknownNumbers(names: { readonly [name: string]: number }, values: readonly number[]): (string | null)[] {
  return values.map(value => (isKnown(names, value) ? null : `${value} is unknown`));
}

function isKnown(names: { readonly [name: string]: number }, value: number): boolean {
  return Object.values(names).includes(value);
}
