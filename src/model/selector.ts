/** Category of an electrical component (`ElectricalComponentCategory` of the protocol). */
export type ComponentCategory =
  | 'UNSPECIFIED'
  | 'GRID_CONNECTION_POINT'
  | 'METER'
  | 'INVERTER'
  | 'CONVERTER'
  | 'BATTERY'
  | 'EV_CHARGER'
  | 'BREAKER'
  | 'PRECHARGER'
  | 'CHP'
  | 'ELECTROLYZER'
  | 'POWER_TRANSFORMER'
  | 'HVAC'
  | 'PLC'
  | 'CRYPTO_MINER'
  | 'STATIC_TRANSFER_SWITCH'
  | 'UNINTERRUPTIBLE_POWER_SUPPLY'
  | 'CAPACITOR_BANK'
  | 'WIND_TURBINE'
  | 'STEAM_BOILER';

/** Type of a battery (`BatteryType` of the protocol). */
export type BatteryType = 'UNSPECIFIED' | 'LI_ION' | 'NA_ION';

/** Type of an inverter (`InverterType` of the protocol). */
export type InverterType = 'UNSPECIFIED' | 'BATTERY' | 'PV' | 'HYBRID';

/** Type of an EV charger (`EvChargerType` of the protocol). */
export type EvChargerType = 'UNSPECIFIED' | 'AC' | 'DC' | 'HYBRID';

/**
 * A category, with at most one type of it. A number is an enum number that this version does not know; it is preserved.
 */
export type CategorySelector = { readonly category: ComponentCategory | number } & (
  | { readonly battery?: never; readonly inverter?: never; readonly evCharger?: never }
  | { readonly battery: BatteryType | number; readonly inverter?: never; readonly evCharger?: never }
  | { readonly inverter: InverterType | number; readonly battery?: never; readonly evCharger?: never }
  | { readonly evCharger: EvChargerType | number; readonly battery?: never; readonly inverter?: never }
);

/** Which components a dispatch is for (`TargetComponents` of the protocol): by id, or by category. */
export type Selector =
  | { readonly ids: readonly number[]; readonly categories?: never }
  | { readonly categories: readonly CategorySelector[]; readonly ids?: never };

/** What is known of an electrical component: its id, its category, and its type within the category. */
export interface Component {
  readonly id?: number | undefined;
  readonly category?: ComponentCategory | number | undefined;
  /** The type of a battery, an inverter or an EV charger; needs the category. */
  readonly type?: BatteryType | InverterType | EvChargerType | number | undefined;
}

/**
 * Whether a selector means a component: it lists the id of the component, or its category without a type or with the type of the
 * component (`TargetComponents` of the protocol).
 *
 * What is not known of the component does not match: without its type, a selector that is narrowed to a type does not mean it. A type
 * implies its category, whatever the selector has beside it; the type `UNSPECIFIED` is none.
 */
export function selects(selector: Selector, component: Component): boolean {
  const { id, category, type } = component;
  if (selector.ids !== undefined) return id !== undefined && selector.ids.includes(id);
  return selector.categories.some(entry => {
    const wanted = typeOf(entry);
    if (wanted === null) return entry.category === category;
    return wanted.category === category && wanted.type === type;
  });
}

/** Whether two selectors mean the same components; ignoring order and repetition. */
export function selectorEquals(a: Selector, b: Selector): boolean {
  const [left, right] = [keysOf(a), keysOf(b)];
  return left.size === right.size && [...left].every(key => right.has(key));
}

/** A text that is the same for selectors that are equal ({@link selectorEquals}), and for no others. */
export function selectorKey(selector: Selector): string {
  return [...keysOf(selector)].sort().join();
}

/** The type of a category, and the category that has such types; null when it has no type. */
function typeOf({ battery, inverter, evCharger }: CategorySelector): Required<Omit<Component, 'id'>> | null {
  if (isType(battery)) return { category: 'BATTERY', type: battery };
  if (isType(inverter)) return { category: 'INVERTER', type: inverter };
  return isType(evCharger) ? { category: 'EV_CHARGER', type: evCharger } : null;
}

function isType<T extends string | number>(type: T | undefined): type is T {
  return type !== undefined && type !== 'UNSPECIFIED';
}

/**
 * Whether a component may be meant by both selectors. Ids and categories overlap, because a selector does not tell the category of a
 * component; a category without a type overlaps each of its types.
 */
export function selectorsOverlap(a: Selector, b: Selector): boolean {
  if (a.ids !== undefined && b.ids !== undefined) {
    const ids = new Set(a.ids);
    return b.ids.some(id => ids.has(id));
  }
  if (a.ids !== undefined || b.ids !== undefined) return true;
  return a.categories.some(one => b.categories.some(other => categoriesOverlap(one, other)));
}

/**
 * What a selector claims, so that those that overlap ({@link selectorsOverlap}) are found without comparing each with each: two selectors
 * overlap if and only if they claim the same thing, unless both share it by the same name. Null: a thing is not shared.
 */
export function selectorClaims({ ids, categories }: Selector): Map<string, string | null> {
  if (ids !== undefined) return new Map([['components', 'by id'], ...ids.map(id => [`id ${id}`, null] as const)]);
  const claims = new Map<string, string | null>([['components', 'by category']]);
  const claim = (thing: string, share: string | null) => {
    claims.set(thing, claims.get(thing) === null ? null : share);
  };
  for (const entry of categories) {
    const narrowed = typeOf(entry);
    const category = narrowed?.category ?? entry.category;
    claim('categories', category === 'UNSPECIFIED' ? null : 'specified');
    if (narrowed !== null) claim(`${category} of type ${narrowed.type}`, null);
    claim(`${category}`, narrowed === null ? null : 'by type');
  }
  return claims;
}

function categoriesOverlap(a: CategorySelector, b: CategorySelector): boolean {
  const [left, right] = [typeOf(a), typeOf(b)];
  const [category, other] = [left?.category ?? a.category, right?.category ?? b.category];
  if (category === 'UNSPECIFIED' || other === 'UNSPECIFIED') return true;
  return category === other && (left === null || right === null || left.type === right.type);
}

function keysOf(selector: Selector): Set<string> {
  if (selector.ids !== undefined) return new Set(selector.ids.map(id => `id ${id}`));
  return new Set(
    selector.categories.map(({ category, battery, inverter, evCharger }) =>
      JSON.stringify([category, battery, inverter, evCharger]),
    ),
  );
}
