import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import type { JsonValue } from '../../src/model/dispatchRecord.js';
import { jsonEquals } from '../../src/model/jsonEquals.js';
import {
  type CategorySelector,
  type Selector,
  selectorClaims,
  selectorEquals,
  selectorsOverlap,
} from '../../src/model/selector.js';

describe('jsonEquals', () => {
  const value = fc.jsonValue() as fc.Arbitrary<JsonValue>;

  test.prop([value])('finds a copy equal', value => {
    expect(jsonEquals(value, structuredClone(value))).toBe(true);
  });

  it('takes no account of the order of keys', () => {
    expect(jsonEquals({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toBe(true);
  });

  it.each<[JsonValue | undefined, JsonValue | undefined]>([
    [0, 1],
    [0, -0],
    [0, false],
    [0, ''],
    ['1', 1],
    [null, undefined],
    [null, {}],
    [{}, []],
    [[], [null]],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
    [{ 0: 1 }, [1]],
    [{}, JSON.parse('{"__proto__":1}')],
    [{ toString: 1 }, {}],
  ])('tells %j and %j apart', (one, other) => {
    expect(jsonEquals(one, other)).toBe(false);
    expect(jsonEquals(other, one)).toBe(false);
  });
});

describe('selectorEquals', () => {
  const battery = { category: 'BATTERY', battery: 'LI_ION' } as const;

  it.each<[Selector, Selector]>([
    [{ ids: [1, 2] }, { ids: [2, 1, 2] }],
    [{ categories: [battery, { category: 'METER' }] }, { categories: [{ category: 'METER' }, battery, battery] }],
    [{ categories: [{ category: 77 }] }, { categories: [{ category: 77 }] }],
  ])('finds %j and %j equal', (one, other) => {
    expect(selectorEquals(one, other)).toBe(true);
    expect(selectorEquals(other, one)).toBe(true);
  });

  it.each<[Selector, Selector]>([
    [{ ids: [1] }, { ids: [1, 2] }],
    [{ ids: [1] }, { ids: [2] }],
    [{ ids: [5] }, { categories: [{ category: 5 }] }],
    [{ categories: [battery] }, { categories: [{ category: 'BATTERY' }] }],
    [{ categories: [battery] }, { categories: [{ category: 'BATTERY', battery: 'NA_ION' }] }],
    [
      { categories: [{ category: 'INVERTER', inverter: 'HYBRID' }] },
      { categories: [{ category: 'INVERTER', evCharger: 'HYBRID' }] },
    ],
    [{ categories: [{ category: 77 }] }, { categories: [{ category: 78 }] }],
  ])('tells %j and %j apart', (one, other) => {
    expect(selectorEquals(one, other)).toBe(false);
    expect(selectorEquals(other, one)).toBe(false);
  });
});

describe('selectorsOverlap', () => {
  const pv = { categories: [{ category: 'INVERTER', inverter: 'PV' }] } as const;
  const hybrid = { categories: [{ category: 'INVERTER', inverter: 'HYBRID' }] } as const;
  const inverter = { categories: [{ category: 'INVERTER' }] } as const;
  const battery = { categories: [{ category: 'BATTERY' }] } as const;

  it.each<[Selector, Selector, boolean]>([
    [{ ids: [1, 2] }, { ids: [2, 3] }, true],
    [{ ids: [1] }, { ids: [2] }, false],
    [{ ids: [1] }, battery, true],
    [battery, inverter, false],
    [inverter, pv, true],
    [pv, hybrid, false],
    [pv, { categories: [{ category: 'INVERTER', inverter: 'UNSPECIFIED' }] }, true],
    [{ categories: [...battery.categories, ...pv.categories] }, pv, true],
    [{ categories: [{ category: 'UNSPECIFIED' }] }, battery, true],
    [{ categories: [{ category: 99 }] }, { categories: [{ category: 99 }] }, true],
  ])('of %j and %j is %s, in both orders', (one, other, expected) => {
    expect([selectorsOverlap(one, other), selectorsOverlap(other, one)]).toEqual([expected, expected]);
  });
});

describe('selectorClaims', () => {
  const categories: CategorySelector[] = [
    { category: 'BATTERY' },
    { category: 'BATTERY', battery: 'LI_ION' },
    { category: 'BATTERY', battery: 'NA_ION' },
    { category: 'BATTERY', battery: 'UNSPECIFIED' },
    { category: 'UNSPECIFIED', battery: 'LI_ION' },
    { category: 'INVERTER', inverter: 7 },
    { category: 'UNSPECIFIED' },
    { category: 99 },
  ];
  const selectors: Selector[] = [
    ...listsOf([1, 2, 3]).map(ids => ({ ids })),
    ...listsOf(categories).map(categories => ({ categories })),
  ];

  it('clash exactly where selectors overlap', () => {
    const clash = (a: Selector, b: Selector) => {
      const claims = selectorClaims(a);
      return [...selectorClaims(b)].some(
        ([thing, share]) => claims.has(thing) && (share === null || claims.get(thing) !== share),
      );
    };
    const wrong = selectors.flatMap(a =>
      selectors.filter(b => clash(a, b) !== selectorsOverlap(a, b)).map(b => JSON.stringify([a, b])),
    );
    expect(wrong).toEqual([]);
  });
});

/** All lists of at most two of some items. */
function listsOf<T>(items: readonly T[]): T[][] {
  return [[], ...items.map(item => [item]), ...items.flatMap(item => items.map(other => [item, other]))];
}
