import {
  type DispatchData,
  type UpdateMicrogridDispatchRequest_DispatchUpdate as DispatchUpdate,
  type RecurrenceRule,
  RecurrenceRule_Frequency,
  type UpdateMicrogridDispatchRequest_DispatchUpdate_RecurrenceRuleUpdate as RuleUpdate,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { quoted, type Violation } from './invalidRequest.js';
import { intervalProblem } from './ruleViolations.js';

/** What each path of a mask takes from an update. */
const FIELDS = fieldMap<DispatchUpdate, DispatchData>({
  start_time: ({ startTime }) => ({ startTime }),
  duration: ({ duration }) => ({ duration }),
  target: ({ target }) => ({ target }),
  is_active: ({ isActive }) => (isActive === undefined ? {} : { isActive }),
  payload: ({ payload }) => ({ payload }),
  recurrence: ({ recurrence }) => ({ recurrence: recurrence && wholeRule(recurrence) }),
});

/** What each path below `recurrence` takes from the update's rule; without a value the default. */
const RULE_FIELDS = fieldMap<RuleUpdate, RecurrenceRule>({
  freq: ({ freq }) => ({ freq: freq ?? RecurrenceRule_Frequency.UNSPECIFIED }),
  interval: ({ interval }) => ({ interval: interval ?? 0 }),
  end_criteria: ({ endCriteria }) => ({ endCriteria }),
  byminutes: ({ byminutes }) => ({ byminutes }),
  byhours: ({ byhours }) => ({ byhours }),
  byweekdays: ({ byweekdays }) => ({ byweekdays }),
  bymonthdays: ({ bymonthdays }) => ({ bymonthdays }),
  bymonths: ({ bymonths }) => ({ bymonths }),
});
const RULE_PREFIX = 'recurrence.';

const NO_RULE: RecurrenceRule = {
  freq: RecurrenceRule_Frequency.UNSPECIFIED,
  interval: 0,
  endCriteria: undefined,
  byminutes: [],
  byhours: [],
  byweekdays: [],
  bymonthdays: [],
  bymonths: [],
};

const NO_UPDATE: DispatchUpdate = {
  startTime: undefined,
  target: undefined,
  payload: undefined,
  recurrence: undefined,
};
const NO_RULE_UPDATE: RuleUpdate = { ...NO_RULE, freq: undefined, interval: undefined };

/**
 * What is wrong with a mask: paths that cannot be updated, and those that the update has no or no possible value for.
 * The data that it makes is checked for itself.
 */
export function* maskViolations(mask: readonly string[], update: DispatchUpdate = NO_UPDATE): Generator<Violation> {
  const paths = new Set(mask);
  for (const path of paths) {
    if (FIELDS.has(path) || ruleFieldOf(path)) continue;
    const allowed = path.startsWith(RULE_PREFIX)
      ? `${RULE_PREFIX}{${[...RULE_FIELDS.keys()].join()}}`
      : [...FIELDS.keys()].join(', ');
    yield { field: `update_mask.paths[${mask.indexOf(path)}]`, problem: `${quoted(path)} is not one of ${allowed}` };
  }
  if (paths.has('is_active') && update.isActive === undefined) {
    yield { field: 'update.is_active', problem: 'must be set, since update_mask names it' };
  }
  // Here alone can a 0 be told from nothing, which is 1.
  const takesInterval = paths.has('recurrence') || paths.has('recurrence.interval');
  if (takesInterval && update.recurrence?.interval === 0) {
    yield { field: 'update.recurrence.interval', problem: intervalProblem(0) };
  }
}

/**
 * The data with everything that the mask names taken from the update, and nothing else.
 *
 * A named field without a value is cleared, where it can be. `recurrence` replaces the whole rule, `recurrence.…` one
 * part of it. Names twice are once; what {@link maskViolations} finds is left out.
 */
export function applyUpdateMask(
  data: DispatchData,
  mask: readonly string[],
  update: DispatchUpdate = NO_UPDATE,
): DispatchData {
  const changes: Partial<DispatchData>[] = [];
  const ruleChanges: Partial<RecurrenceRule>[] = [];
  for (const path of new Set(mask)) {
    const change = FIELDS.get(path)?.(update);
    if (change) changes.push(change);
    const ruleChange = ruleFieldOf(path)?.(update.recurrence ?? NO_RULE_UPDATE);
    if (ruleChange) ruleChanges.push(ruleChange);
  }
  const changed: DispatchData = Object.assign({ ...data }, ...changes);
  if (ruleChanges.length === 0) return changed;
  const ruleChange: Partial<RecurrenceRule> = Object.assign({}, ...ruleChanges);
  // For clients a rule without a frequency is none; to take the frequency away is how the Python client removes a rule.
  const kept = ruleChange.freq === RecurrenceRule_Frequency.UNSPECIFIED ? NO_RULE : writtenRule(changed.recurrence);
  return { ...changed, recurrence: { ...kept, ...ruleChange } };
}

/** The rule as a client would write it: stored rules have their default interval spelled out. */
function writtenRule(rule: RecurrenceRule | undefined): RecurrenceRule {
  if (!rule) return NO_RULE;
  return rule.interval === 1 ? { ...rule, interval: 0 } : rule;
}

function wholeRule(update: RuleUpdate): RecurrenceRule {
  return Object.assign({ ...NO_RULE }, ...[...RULE_FIELDS.values()].map(take => take(update)));
}

function ruleFieldOf(path: string) {
  return path.startsWith(RULE_PREFIX) ? RULE_FIELDS.get(path.slice(RULE_PREFIX.length)) : undefined;
}

function fieldMap<Update, Message>(fields: { readonly [path: string]: (update: Update) => Partial<Message> }) {
  return new Map(Object.entries(fields));
}
