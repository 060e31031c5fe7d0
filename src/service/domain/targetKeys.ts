import {
  ElectricalComponentCategory as Category,
  type ElectricalComponentCategory,
} from '../../../proto/gen/frequenz/api/common/v1alpha8/microgrid/electrical_components/electrical_components.js';
import type {
  TargetComponents,
  TargetComponents_CategoryAndType,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';

/** The category of each kind of type, and its letter in keys. */
export const TYPE_KINDS = {
  battery: { category: Category.BATTERY, letter: 'b' },
  inverter: { category: Category.INVERTER, letter: 'i' },
  evCharger: { category: Category.EV_CHARGER, letter: 'e' },
} as const;

/**
 * The search keys of the components of a dispatch: `i:5` for an id; for a category `c:5`, and `c:5:*` without a type or `c:5:b1` with
 * one. A dispatch matches a target when it has one of its {@link searchKeys}.
 */
export function targetKeys(target: TargetComponents): string[] {
  const categoryKeys = ({ category, type }: CategoryKey): string[] => [category, `${category}:${type ?? '*'}`];
  return keys(target, categoryKeys);
}

/**
 * The keys of which a dispatch for these components has at least one: an id matches the same id; a category with a type matches the
 * same type and no type, a category without a type matches all types; ids never match categories.
 */
export function searchKeys(target: TargetComponents): string[] {
  const categoryKeys = ({ category, type }: CategoryKey): string[] =>
    type === null ? [category] : [`${category}:${type}`, `${category}:*`];
  return keys(target, categoryKeys);
}

/** Number of component ids or categories of a target. */
export function componentCount({ components }: TargetComponents): number {
  const value = components?.value;
  if (!value) return 0;
  return 'ids' in value ? value.ids.length : value.categories.length;
}

/** The categories of a target, also of the deprecated form. */
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
  // 0, the type UNSPECIFIED, means no type.
  if (!type?.value) return { category: `c:${category}`, type: null };
  const kind = TYPE_KINDS[type.$case];
  return { category: `c:${kind.category}`, type: `${kind.letter}${type.value}` };
}
