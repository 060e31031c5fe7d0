import {
  type DispatchData,
  type UpdateMicrogridDispatchRequest_DispatchUpdate as DispatchUpdate,
  type RecurrenceRule,
  RecurrenceRule_Frequency,
  type UpdateMicrogridDispatchRequest_DispatchUpdate_RecurrenceRuleUpdate as RuleUpdate,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { quoted, type Violation } from './invalidRequest.js';
import { intervalProblem } from './ruleViolations.js';

/** The change that each path of a mask makes. */
const FIELDS = fieldMap<DispatchUpdate, DispatchData>({
  start_time: ({ startTime }) => ({ startTime }),
  duration: ({ duration }) => ({ duration }),
  target: ({ target }) => ({ target }),
  is_active: ({ isActive }) => (isActive === undefined ? {} : { isActive }),
  payload: ({ payload }) => ({ payload }),
  recurrence: ({ recurrence }) => ({ recurrence: recurrence && wholeRule(recurrence) }),
});

/** The change that each path below `recurrence` makes; a missing value is the default. */
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
 * Validates a mask: paths that cannot be updated, and paths for which the update has no valid value. The resulting data is validated
 * separately.
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
  // Only here an explicit 0 can be told from an interval that is not set, which is 1.
  const takesInterval = paths.has('recurrence') || paths.has('recurrence.interval');
  if (takesInterval && update.recurrence?.interval === 0) {
    yield { field: 'update.recurrence.interval', problem: intervalProblem(0) };
  }
}

/**
 * Applies to the data the fields of the update that the mask names.
 *
 * A named field without a value is cleared, if possible. `recurrence` replaces the whole rule, `recurrence.…` a part of it. Repeated
 * paths count once; paths that {@link maskViolations} reports are ignored.
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
  // For clients a rule without a frequency is no rule; the Python client removes a rule by clearing its frequency.
  const kept = ruleChange.freq === RecurrenceRule_Frequency.UNSPECIFIED ? NO_RULE : writtenRule(changed.recurrence);
  return { ...changed, recurrence: { ...kept, ...ruleChange } };
}

/** The rule as a client would write it: stored rules have an explicit default interval. */
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
