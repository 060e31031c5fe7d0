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

/** Whether two selectors mean the same components; ignoring order and repetition. */
export function selectorEquals(a: Selector, b: Selector): boolean {
  const [left, right] = [keysOf(a), keysOf(b)];
  return left.size === right.size && [...left].every(key => right.has(key));
}

function keysOf(selector: Selector): Set<string> {
  if (selector.ids !== undefined) return new Set(selector.ids.map(id => `id ${id}`));
  return new Set(
    selector.categories.map(({ category, battery, inverter, evCharger }) =>
      JSON.stringify([category, battery, inverter, evCharger]),
    ),
  );
}
