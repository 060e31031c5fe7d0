import {
  BatteryType,
  ElectricalComponentCategory,
  EvChargerType,
  InverterType,
} from '../../proto/gen/frequenz/api/common/v1alpha8/microgrid/electrical_components/electrical_components.js';
import type {
  TargetComponents,
  TargetComponents_CategoryAndType,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { CategorySelector, Selector } from '../model/selector.js';
import { decodeEnum, encodeEnum } from './enumNames.js';
import { decodeId, encodeId } from './integerCodec.js';
import { undecodable } from './undecodable.js';

/**
 * Reads the selector of a message. The deprecated `component_categories` become categories without a type.
 *
 * @param field its path, for messages
 * @throws DispatchError `UNDECODABLE` when it selects in a way that this version does not know, or by an id above 2^53-1.
 */
export function decodeSelector(message: TargetComponents | undefined, field: string): Selector {
  const components = message?.components;
  switch (components?.$case) {
    case 'componentIds':
      return { ids: components.value.ids.map((id, i) => decodeId(id, `${field}.component_ids.ids[${i}]`)) };
    case 'componentCategories':
      return {
        categories: components.value.categories.map(category => ({
          category: decodeEnum(ElectricalComponentCategory, category),
        })),
      };
    case 'componentCategoriesTypes':
      return { categories: components.value.categories.map(decodeCategory) };
    default:
      throw undecodable(field, 'is missing');
  }
}

/**
 * Converts a selector to a message. Categories are always written as `component_categories_types`.
 *
 * @param field its path, for messages
 * @throws RangeError when it has not exactly one of ids and categories, an id is not an integer from 0 to 2^53-1, a name is
 *   unknown to the contract, or a category has two types.
 */
export function encodeSelector(selector: Selector, field: string): TargetComponents {
  if (Array.isArray(selector?.ids) === Array.isArray(selector?.categories)) {
    throw new RangeError(`${field} must have either ids or categories`);
  }
  if (selector.ids !== undefined) {
    const ids = selector.ids.map((id, i) => encodeId(id, `${field}.ids[${i}]`));
    return { components: { $case: 'componentIds', value: { ids } } };
  }
  const categories = selector.categories.map((category, i) => encodeCategory(category, `${field}.categories[${i}]`));
  return { components: { $case: 'componentCategoriesTypes', value: { categories } } };
}

function decodeCategory({ category, type }: TargetComponents_CategoryAndType): CategorySelector {
  const named = { category: decodeEnum(ElectricalComponentCategory, category) };
  switch (type?.$case) {
    case 'battery':
      return { ...named, battery: decodeEnum(BatteryType, type.value) };
    case 'inverter':
      return { ...named, inverter: decodeEnum(InverterType, type.value) };
    case 'evCharger':
      return { ...named, evCharger: decodeEnum(EvChargerType, type.value) };
    default:
      return named;
  }
}

function encodeCategory(selector: CategorySelector, field: string): TargetComponents_CategoryAndType {
  const category = encodeEnum(ElectricalComponentCategory, selector.category, `${field}.category`);
  const { battery, inverter, evCharger } = selector;
  if ([battery, inverter, evCharger].filter(type => type !== undefined).length > 1) {
    throw new RangeError(`${field} must have at most one of battery, inverter and evCharger`);
  }
  if (battery !== undefined) {
    return { category, type: { $case: 'battery', value: encodeEnum(BatteryType, battery, `${field}.battery`) } };
  }
  if (inverter !== undefined) {
    return { category, type: { $case: 'inverter', value: encodeEnum(InverterType, inverter, `${field}.inverter`) } };
  }
  if (evCharger !== undefined) {
    return {
      category,
      type: { $case: 'evCharger', value: encodeEnum(EvChargerType, evCharger, `${field}.evCharger`) },
    };
  }
  return { category, type: undefined };
}
