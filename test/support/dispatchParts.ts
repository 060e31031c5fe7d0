import {
  type DeepPartial,
  type DispatchData,
  RecurrenceRule_Frequency as Frequency,
  type RecurrenceRule,
  type TargetComponents_CategoryAndType,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';

type Part = DeepPartial<DispatchData>;

/** A rule of every day, with more or other parts. */
export function daily(rule: DeepPartial<RecurrenceRule> = {}): Part {
  return { recurrence: { freq: Frequency.DAILY, ...rule } };
}

/** The end of a rule by a count. */
export function count(value: number): DeepPartial<RecurrenceRule> {
  return { endCriteria: { countOrUntil: { $case: 'count', value } } };
}

type Target = Pick<DispatchData, 'target'>;

/** A target of these component ids. */
export function ids(...values: readonly bigint[]): Target {
  return { target: { components: { $case: 'componentIds', value: { ids: [...values] } } } };
}

/** So many different component ids, from 0. */
export function manyIds(length: number): Target {
  return ids(...Array.from({ length }, (_, id) => BigInt(id)));
}

/** A target of these categories. */
export function categories(...values: readonly Partial<TargetComponents_CategoryAndType>[]): Target {
  const all = values.map(({ category = 0, type }) => ({ category, type }));
  return { target: { components: { $case: 'componentCategoriesTypes', value: { categories: all } } } };
}

/** A target of categories in the superseded form. */
export function supersededCategories(...values: readonly number[]): Target {
  return { target: { components: { $case: 'componentCategories', value: { categories: values as 1[] } } } };
}
