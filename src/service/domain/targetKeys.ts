import {
  ElectricalComponentCategory as Category,
  type ElectricalComponentCategory,
} from '../../../proto/gen/frequenz/api/common/v1alpha8/microgrid/electrical_components/electrical_components.js';
import type {
  TargetComponents,
  TargetComponents_CategoryAndType,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';

/** The category that each kind of type belongs to, and a letter for it in keys. */
export const TYPE_KINDS = {
  battery: { category: Category.BATTERY, letter: 'b' },
  inverter: { category: Category.INVERTER, letter: 'i' },
  evCharger: { category: Category.EV_CHARGER, letter: 'e' },
} as const;

/**
 * The keys under which a dispatch's components are found: `i:5` for an id; for a category `c:5` always and `c:5:*`
 * without or `c:5:b1` with a type. A dispatch matches a target when it has any of {@link searchKeys} of it.
 */
export function targetKeys(target: TargetComponents): string[] {
  const categoryKeys = ({ category, type }: CategoryKey): string[] => [category, `${category}:${type ?? '*'}`];
  return keys(target, categoryKeys);
}

/**
 * The keys that a dispatch for some of these components has one of: ids match the same id; a category with a type
 * matches the same type and those without one, a category without a type all of it; ids never match categories.
 */
export function searchKeys(target: TargetComponents): string[] {
  const categoryKeys = ({ category, type }: CategoryKey): string[] =>
    type === null ? [category] : [`${category}:${type}`, `${category}:*`];
  return keys(target, categoryKeys);
}

/** How many component ids or categories a target names. */
export function componentCount({ components }: TargetComponents): number {
  const value = components?.value;
  if (!value) return 0;
  return 'ids' in value ? value.ids.length : value.categories.length;
}

/** The categories of a target, also of one written in the superseded form. */
export function categoriesOf(target: TargetComponents): readonly TargetComponents_CategoryAndType[] {
  const { components } = target;
  if (components?.$case === 'componentCategoriesTypes') return components.value.categories;
  if (components?.$case !== 'componentCategories') return [];
  return components.value.categories.map((category: ElectricalComponentCategory) => ({ category, type: undefined }));
}

interface CategoryKey {
  readonly category: string;
  readonly type: string | null;
}

function keys(target: TargetComponents, categoryKeys: (key: CategoryKey) => string[]): string[] {
  const found = new Set<string>();
  if (target.components?.$case === 'componentIds') for (const id of target.components.value.ids) found.add(`i:${id}`);
  for (const category of categoriesOf(target)) {
    for (const key of categoryKeys(categoryKey(category))) found.add(key);
  }
  return [...found];
}

function categoryKey({ category, type }: TargetComponents_CategoryAndType): CategoryKey {
  // 0, the type UNSPECIFIED, says no more than no type.
  if (!type?.value) return { category: `c:${category}`, type: null };
  const kind = TYPE_KINDS[type.$case];
  return { category: `c:${kind.category}`, type: `${kind.letter}${type.value}` };
}
