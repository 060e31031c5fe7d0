import { describe, expect, it } from 'vitest';
import { type Component, type Selector, selectorEquals, selectorKey, selects } from '../../src/model/selector.js';

describe('whether a selector means a component', () => {
  const battery: Component = { id: 5, category: 'BATTERY', type: 'LI_ION' };
  const rows: [name: string, selector: Selector, component: Component, expected: boolean][] = [
    ['its id', { ids: [4, 5] }, battery, true],
    ['another id', { ids: [4, 6] }, battery, false],
    ['an id, of a component whose id is not known', { ids: [5] }, { category: 'BATTERY' }, false],
    ['no ids', { ids: [] }, battery, false],
    ['its category', { categories: [{ category: 'METER' }, { category: 'BATTERY' }] }, battery, true],
    ['another category', { categories: [{ category: 'INVERTER' }] }, battery, false],
    [
      'a category, of a component that is known by id only',
      { categories: [{ category: 'BATTERY' }] },
      { id: 5 },
      false,
    ],
    ['no categories', { categories: [] }, battery, false],
    ['its type', { categories: [{ category: 'BATTERY', battery: 'LI_ION' }] }, battery, true],
    ['another type', { categories: [{ category: 'BATTERY', battery: 'NA_ION' }] }, battery, false],
    [
      'a type, of a component whose type is not known',
      { categories: [{ category: 'BATTERY', battery: 'LI_ION' }] },
      { category: 'BATTERY' },
      false,
    ],
    [
      'the unspecified type, which is none',
      { categories: [{ category: 'BATTERY', battery: 'UNSPECIFIED' }] },
      battery,
      true,
    ],
    [
      'a type of the same name in another category',
      { categories: [{ category: 'EV_CHARGER', evCharger: 'HYBRID' }] },
      { category: 'INVERTER', type: 'HYBRID' },
      false,
    ],
    [
      'an inverter type',
      { categories: [{ category: 'INVERTER', inverter: 'HYBRID' }] },
      { category: 'INVERTER', type: 'HYBRID' },
      true,
    ],
    [
      'a type whose category is not said',
      { categories: [{ category: 'UNSPECIFIED', battery: 'LI_ION' }] },
      battery,
      true,
    ],
    [
      'a type beside a category that it is not of',
      { categories: [{ category: 'INVERTER', battery: 'LI_ION' }] },
      battery,
      true,
    ],
    ['an unknown category, by number', { categories: [{ category: 77 }] }, { category: 77 }, true],
    [
      'an unknown type, by number',
      { categories: [{ category: 'BATTERY', battery: 9 }] },
      { category: 'BATTERY', type: 9 },
      true,
    ],
    ['nothing that is known of it', { categories: [{ category: 'BATTERY' }] }, {}, false],
  ];
  it.each(rows)('%s', (_, selector, component, expected) => {
    expect(selects(selector, component)).toBe(expected);
  });
});

describe('the key of a selector', () => {
  const selectors: Selector[] = [
    { ids: [5, 6] },
    { ids: [6, 5, 6] },
    { ids: [56] },
    { categories: [{ category: 'BATTERY' }, { category: 'INVERTER', inverter: 'PV' }] },
    { categories: [{ category: 'INVERTER', inverter: 'PV' }, { category: 'BATTERY' }] },
    { categories: [{ category: 'BATTERY' }, { category: 'INVERTER', inverter: 'BATTERY' }] },
  ];

  it('is the same exactly for equal selectors', () => {
    for (const a of selectors) {
      for (const b of selectors) expect(selectorKey(a) === selectorKey(b)).toBe(selectorEquals(a, b));
    }
  });
});
