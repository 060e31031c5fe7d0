import {
  type DispatchData,
  type RecurrenceRule,
  RecurrenceRule_Frequency,
  type TargetComponents,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { categoriesOf, TYPE_KINDS } from './targetKeys.js';
import { roundedSeconds, timestampOfSeconds } from './timestamps.js';

/**
 * Normalises data for storage: the start time rounded to the second, categories in the current form with the category of each
 * type, the rule only if it is not empty, with an explicit interval. (The messages have no unknown fields.)
 *
 * @param data - valid data.
 */
export function canonicalData(data: DispatchData): DispatchData {
  const { startTime, target, recurrence } = data;
  return {
    ...data,
    startTime: startTime && timestampOfSeconds(roundedSeconds(startTime)),
    target: target && canonicalTarget(target),
    recurrence: recurrence && !isEmptyRule(recurrence) ? canonicalRule(recurrence) : undefined,
  };
}

/**
 * Whether a rule message is empty. The Python client sends an empty rule for "no recurrence".
 */
export function isEmptyRule(rule: RecurrenceRule): boolean {
  const { freq, interval, endCriteria, byminutes, byhours, byweekdays, bymonthdays, bymonths } = rule;
  const lists = [byminutes, byhours, byweekdays, bymonthdays, bymonths];
  return (
    freq === RecurrenceRule_Frequency.UNSPECIFIED &&
    interval === 0 &&
    endCriteria?.countOrUntil === undefined &&
    lists.every(list => list.length === 0)
  );
}

function canonicalTarget(target: TargetComponents): TargetComponents {
  if (target.components?.$case === 'componentIds') {
    return { components: { $case: 'componentIds', value: { ids: target.components.value.ids } } };
  }
  const categories = categoriesOf(target).map(({ category, type }) => ({
    category: type ? TYPE_KINDS[type.$case].category : category,
    type,
  }));
  return { components: { $case: 'componentCategoriesTypes', value: { categories } } };
}

function canonicalRule(rule: RecurrenceRule): RecurrenceRule {
  const { interval, endCriteria } = rule;
  return {
    ...rule,
    interval: interval || 1,
    // The Python client removes an end by sending an empty one.
    endCriteria: endCriteria?.countOrUntil && endCriteria,
  };
}
