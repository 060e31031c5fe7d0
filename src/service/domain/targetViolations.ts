import {
  BatteryType,
  ElectricalComponentCategory as Category,
  EvChargerType,
  InverterType,
} from '../../../proto/gen/frequenz/api/common/v1alpha8/microgrid/electrical_components/electrical_components.js';
import type {
  TargetComponents,
  TargetComponents_CategoryAndType,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { decodeEnum } from '../../wire/enumNames.js';
import type { Violation } from './invalidRequest.js';
import { TYPE_KINDS } from './targetKeys.js';

/** Each entry is a row of an index. The contract has no limit, and a request has room for millions. */
const MAX_ENTRIES = 1_000;

const TYPES = {
  battery: { numbers: BatteryType, name: 'battery' },
  inverter: { numbers: InverterType, name: 'inverter' },
  evCharger: { numbers: EvChargerType, name: 'ev_charger' },
} as const;

/**
 * Validates the components of a dispatch. Unknown categories are accepted; an unknown type would end the Python clients.
 *
 * @param field - the path of the target.
 */
export function* targetViolations(target: TargetComponents | undefined, field: string): Generator<Violation> {
  const components = target?.components;
  switch (components?.$case) {
    case 'componentIds':
      yield* listViolations(components.value.ids, `${field}.component_ids.ids`, idViolations);
      break;
    case 'componentCategories':
      yield* listViolations(components.value.categories, `${field}.component_categories.categories`, () => []);
      break;
    case 'componentCategoriesTypes': {
      const list = `${field}.component_categories_types.categories`;
      yield* listViolations(components.value.categories, list, categoryViolations);
      break;
    }
    default:
      yield { field, problem: 'must name at least one component id or category' };
  }
}

function* listViolations<Entry>(
  entries: readonly Entry[],
  field: string,
  violations: (entry: Entry, field: string) => Iterable<Violation>,
): Generator<Violation> {
  const { length } = entries;
  if (length === 0 || length > MAX_ENTRIES) {
    yield { field, problem: `must have 1 to ${MAX_ENTRIES} entries, not ${length}` };
  } else {
    for (const [index, entry] of entries.entries()) yield* violations(entry, `${field}[${index}]`);
  }
}

function* idViolations(id: bigint, field: string): Generator<Violation> {
  if (id > Number.MAX_SAFE_INTEGER) yield { field, problem: `must be 0 to 2^53-1, not ${id}` };
}

function* categoryViolations(
  { category, type }: TargetComponents_CategoryAndType,
  field: string,
): Generator<Violation> {
  if (!type) return;
  const { numbers, name } = TYPES[type.$case];
  const names = Object.keys(numbers);
  if (!names.includes(String(decodeEnum<string>(numbers, type.value)))) {
    yield { field: `${field}.${name}`, problem: `must be one of ${names.join(', ')}, not ${type.value}` };
  }
  const fitting = TYPE_KINDS[type.$case].category;
  // Clients read a type without its category, so a missing category is filled in.
  if (category !== Category.UNSPECIFIED && category !== fitting) {
    const [wanted, given] = [fitting, category].map(number => decodeEnum<string>(Category, number));
    yield { field: `${field}.category`, problem: `must be ${wanted}, as its ${name} type is, not ${given}` };
  }
}
