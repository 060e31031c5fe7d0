import {
  type DispatchData,
  type UpdateMicrogridDispatchRequest_DispatchUpdate as DispatchUpdate,
  type RecurrenceRule,
  RecurrenceRule_Frequency,
  type UpdateMicrogridDispatchRequest_DispatchUpdate_RecurrenceRuleUpdate as RuleUpdate,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchError } from '../model/dispatchError.js';

/** What each path of a mask takes from an update. */
const FIELDS: { readonly [path: string]: (update: DispatchUpdate) => Partial<DispatchData> } = {
  start_time: ({ startTime }) => ({ startTime }),
  duration: ({ duration }) => ({ duration }),
  target: ({ target }) => ({ target }),
  is_active: ({ isActive }) => ({ isActive: present('is_active', isActive) }),
  payload: ({ payload }) => ({ payload }),
  recurrence: ({ recurrence }) => ({ recurrence: recurrence && { ...NO_RULE, ...allOf(RULE_FIELDS, recurrence) } }),
};

/** What each path below `recurrence` takes from the update's rule; without a value the default. */
const RULE_FIELDS: { readonly [path: string]: (update: RuleUpdate) => Partial<RecurrenceRule> } = {
  freq: ({ freq }) => ({ freq: freq ?? RecurrenceRule_Frequency.UNSPECIFIED }),
  interval: ({ interval }) => ({ interval: interval ?? 0 }),
  end_criteria: ({ endCriteria }) => ({ endCriteria }),
  byminutes: ({ byminutes }) => ({ byminutes }),
  byhours: ({ byhours }) => ({ byhours }),
  byweekdays: ({ byweekdays }) => ({ byweekdays }),
  bymonthdays: ({ bymonthdays }) => ({ bymonthdays }),
  bymonths: ({ bymonths }) => ({ bymonths }),
};

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
 * The data with everything that the mask names taken from the update, and nothing else.
 *
 * A named field without a value is cleared, where it can be. `recurrence` replaces the whole rule, `recurrence.…` one
 * part of it. Names twice are once.
 *
 * @throws DispatchError INVALID_ARGUMENT for a path that cannot be updated, naming it.
 */
export function applyUpdateMask(
  data: DispatchData,
  mask: readonly string[],
  update: DispatchUpdate = NO_UPDATE,
): DispatchData {
  const paths = new Set(mask);
  checkPaths(paths);
  const changes: Partial<DispatchData>[] = [];
  const ruleChanges: Partial<RecurrenceRule>[] = [];
  for (const path of paths) {
    const rulePath = rulePathOf(path);
    if (rulePath === null) changes.push(FIELDS[path]?.(update) ?? {});
    else ruleChanges.push(RULE_FIELDS[rulePath]?.(update.recurrence ?? NO_RULE_UPDATE) ?? {});
  }
  const changed: DispatchData = Object.assign({ ...data }, ...changes);
  if (ruleChanges.length === 0) return changed;
  const ruleChange: Partial<RecurrenceRule> = Object.assign({}, ...ruleChanges);
  // For clients a rule without a frequency is none; to take the frequency away is how the Python client removes a rule.
  const kept = ruleChange.freq === RecurrenceRule_Frequency.UNSPECIFIED ? NO_RULE : writtenRule(changed.recurrence);
  return { ...changed, recurrence: { ...kept, ...ruleChange } };
}

function checkPaths(paths: ReadonlySet<string>): void {
  for (const path of paths) {
    const rulePath = rulePathOf(path);
    if (rulePath === null ? Object.hasOwn(FIELDS, path) : Object.hasOwn(RULE_FIELDS, rulePath)) continue;
    const problem = rulePath === null ? 'Invalid fields in update_mask' : 'Invalid recurrence path';
    throw new DispatchError('INVALID_ARGUMENT', `${problem}: ${path}`, { field: 'update_mask' });
  }
}

function rulePathOf(path: string): string | null {
  return path.startsWith('recurrence.') ? path.slice('recurrence.'.length) : null;
}

/** The rule as a client would write it: stored rules have their default interval spelled out. */
function writtenRule(rule: RecurrenceRule | undefined): RecurrenceRule {
  if (!rule) return NO_RULE;
  return rule.interval === 1 ? { ...rule, interval: 0 } : rule;
}

function allOf<Update, Message>(
  fields: { readonly [path: string]: (update: Update) => Partial<Message> },
  update: Update,
): Partial<Message> {
  return Object.assign({}, ...Object.values(fields).map(take => take(update)));
}

function present<Value>(path: string, value: Value | undefined): Value {
  if (value !== undefined) return value;
  const field = `update.${path}`;
  throw new DispatchError('INVALID_ARGUMENT', `${field}: must be set, since update_mask names it`, { field });
}
