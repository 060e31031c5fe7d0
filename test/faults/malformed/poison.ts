import {
  BatteryType,
  EvChargerType,
  InverterType,
} from '../../../proto/gen/frequenz/api/common/v1alpha8/microgrid/electrical_components/electrical_components.js';
import {
  type Dispatch,
  RecurrenceRule_Frequency as Frequency,
  RecurrenceRule_Weekday as Weekday,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';

const TYPES = { battery: BatteryType, inverter: InverterType, evCharger: EvChargerType };

/** What would end the Python clients of a microgrid when they read the dispatch; empty when nothing would. */
export function poisonOf({ data }: Dispatch): string[] {
  const components = data?.target?.components;
  const rule = data?.recurrence;
  const types = components?.$case === 'componentCategoriesTypes' ? components.value.categories : [];
  return [
    ...(components === undefined ? ['no target'] : []),
    ...(rule ? unknown('frequency', Frequency, rule.freq) : []),
    ...(rule?.byweekdays ?? []).flatMap(day => unknown('weekday', Weekday, day)),
    ...types.flatMap(({ type }) => (type ? unknown(type.$case, TYPES[type.$case], type.value) : [])),
  ];
}

function unknown(what: string, names: { readonly [name: string]: number }, value: number): string[] {
  return Object.values(names).includes(value) ? [] : [`${what} ${value}`];
}
