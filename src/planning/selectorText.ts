import type {
  BatteryType,
  CategorySelector,
  ComponentCategory,
  EvChargerType,
  InverterType,
  Selector,
} from '../model/selector.js';
import { InvalidPlan } from './planError.js';

type Named<Name> = Exclude<Name, 'UNSPECIFIED'>;

// Records, so that the compiler notices a missing name. A type alone means its category; of two types with the same name, the
// first one below is meant.
const CATEGORIES: Record<Named<ComponentCategory>, true> = {
  GRID_CONNECTION_POINT: true,
  METER: true,
  INVERTER: true,
  CONVERTER: true,
  BATTERY: true,
  EV_CHARGER: true,
  BREAKER: true,
  PRECHARGER: true,
  CHP: true,
  ELECTROLYZER: true,
  POWER_TRANSFORMER: true,
  HVAC: true,
  PLC: true,
  CRYPTO_MINER: true,
  STATIC_TRANSFER_SWITCH: true,
  UNINTERRUPTIBLE_POWER_SUPPLY: true,
  CAPACITOR_BANK: true,
  WIND_TURBINE: true,
  STEAM_BOILER: true,
};
const INVERTERS: Record<Named<InverterType>, true> = { BATTERY: true, PV: true, HYBRID: true };
const BATTERIES: Record<Named<BatteryType>, true> = { LI_ION: true, NA_ION: true };
const EV_CHARGERS: Record<Named<EvChargerType>, true> = { AC: true, DC: true, HYBRID: true };

const ALIASES: Readonly<Record<string, string>> = { GRID: 'GRID_CONNECTION_POINT', SOLAR: 'PV' };

const BY_NAME = categoriesByName();

/** Names of categories and types for {@link parseSelector}; those with a category in front are the same ones again. */
export const SELECTOR_NAMES = [...BY_NAME.keys()].filter(name => !name.includes(':'));

/**
 * Parses the components that a dispatch is for: ids (`1,2,3`), or categories and types by name in any case (`BATTERY, EV_CHARGER`,
 * `na_ion`).
 *
 * A type alone implies its category. `INVERTER:BATTERY` and `EV_CHARGER:HYBRID` name what the type alone does not mean.
 *
 * @throws InvalidPlan that names what is neither.
 */
export function parseSelector(text: string): Selector {
  const parts = text.split(',').map(part => part.trim());
  const ids = parts.filter(part => /^\d+$/.test(part));
  if (ids.length === parts.length) return { ids: ids.map(componentId) };
  // A name that is none is told first: it may be a mistyped id.
  const categories = parts.filter(part => !ids.includes(part)).map(category);
  if (ids.length > 0) throw new InvalidPlan('It must be either ids or categories, not both.');
  return { categories };
}

/** Formats a selector so that {@link parseSelector} reads it. */
export function selectorToText(selector: Selector): string {
  if (selector.ids !== undefined) return selector.ids.join(', ');
  return selector.categories
    .map(({ category, battery, inverter, evCharger }) => {
      const type = battery ?? inverter ?? evCharger;
      return type === undefined ? `${category}` : `${category}:${type}`;
    })
    .join(', ');
}

function componentId(text: string): number {
  const id = Number(text);
  if (Number.isSafeInteger(id)) return id;
  throw new InvalidPlan(`Component id ${text} must be at most 2^53-1.`);
}

function category(text: string): CategorySelector {
  const name = text.toUpperCase().replace(/[\s-]+/g, '_');
  const found = BY_NAME.get(ALIASES[name] ?? name.replace(/:SOLAR$/, ':PV'));
  if (found !== undefined) return found;
  throw new InvalidPlan(`'${text}' is neither a component id nor one of ${SELECTOR_NAMES.join(', ')}.`);
}

function categoriesByName(): ReadonlyMap<string, CategorySelector> {
  const names = new Map<string, CategorySelector>();
  const add = (name: string, selector: CategorySelector) => {
    if (!names.has(name)) names.set(name, selector);
  };
  const typed: [string, CategorySelector][] = [];
  for (const name of keysOf(CATEGORIES)) add(name, { category: name });
  for (const inverter of keysOf(INVERTERS)) typed.push([inverter, { category: 'INVERTER', inverter }]);
  for (const battery of keysOf(BATTERIES)) typed.push([battery, { category: 'BATTERY', battery }]);
  for (const evCharger of keysOf(EV_CHARGERS)) typed.push([evCharger, { category: 'EV_CHARGER', evCharger }]);
  for (const [name, selector] of typed) add(name, selector);
  for (const [name, selector] of typed) add(`${selector.category}:${name}`, selector);
  return names;
}

function keysOf<Name extends string>(record: Record<Name, true>): Name[] {
  return Object.keys(record) as Name[];
}
