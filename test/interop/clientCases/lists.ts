import { beforeAll, describe, expect, it } from 'vitest';
import { fromNow, later, type NewPythonDispatch, type PythonDispatch } from '../pythonDispatch.js';
import { type ClientTest, refusal } from './clientTest.js';

const microgridId = 2;
const hourMs = 3_600_000;
const startTime = fromNow(hourMs);
const inAnHour = later(startTime, hourMs);
const inTwoHours = later(inAnHour, hourMs);
const runMs = 600_000;

const batteries = { categories: ['BatteryType.LI_ION'] };
const inverters = { categories: ['ElectricalComponentCategory.INVERTER'] };

/** What the lists are about; created in another order than that of their start times. */
const news: NewPythonDispatch[] = [
  { type: 'CHARGE', start_time: inAnHour, target: { ids: [1, 2] } },
  { type: 'CHARGE_FAST', start_time: startTime, target: batteries },
  { type: 'DISCHARGE', start_time: inTwoHours, active: false, dry_run: true, target: inverters },
  { type: 'SWITCH_ON', start_time: inTwoHours, duration: null, target: { ids: [2, 3] } },
  { type: 'DAILY', start_time: inAnHour, recurrence: { frequency: 'DAILY', interval: 1 } },
  {
    type: 'THRICE',
    start_time: startTime,
    target: { categories: ['InverterType.PV', 'EvChargerType.AC'] },
    recurrence: { frequency: 'HOURLY', interval: 1, end_criteria: { count: 3 } },
  },
];

interface ListAnswer {
  readonly dispatches?: readonly { readonly metadata: { readonly dispatch_id: string } }[];
  readonly pagination_info: { readonly total_items?: number; readonly next_page_token?: string };
}

/** Each filter, alone and with others, and each sort; by the Python client where it offers them. */
export function describeLists(test: () => ClientTest): void {
  const dispatches: PythonDispatch[] = [];

  beforeAll(async () => {
    for (const dispatch of news) dispatches.push(await test().python.create(dispatch, microgridId));
    // The oldest one is updated last.
    dispatches[0] = await test().python.update(dispatches[0]?.id ?? 0, { payload: { late: true } }, microgridId);
  });

  /** The places of the listed dispatches in the order of their creation. */
  async function listed(options: object): Promise<number[]> {
    const pages = await test().python.list(options, microgridId);
    return pages.flat().map(place);
  }

  async function asked(request: string): Promise<ListAnswer> {
    return test().python.call('ListMicrogridDispatches', `microgrid_id: ${microgridId} ${request}`);
  }

  async function places(request: string): Promise<number[]> {
    const { dispatches = [] } = await asked(request);
    return dispatches.map(({ metadata }) => place(Number(metadata.dispatch_id)));
  }

  it('find nothing by an id above 2^53-1', async () => {
    expect(await places('filter { dispatch_ids: 9007199254740992 }')).toEqual([]);
    const id = dispatches[3]?.id;
    expect(await places(`filter { dispatch_ids: [18446744073709551615, ${id}] }`)).toEqual([3]);
  });

  function place(id: number): number {
    return dispatches.findIndex(dispatch => dispatch.id === id);
  }

  describe('lists', () => {
    it.each<[string, object, number[]]>([
      ['all, the newest first', {}, [5, 4, 3, 2, 1, 0]],
      ['by a target id', { target_components: [{ ids: [1] }] }, [4, 0]],
      ['by an id that several have', { target_components: [{ ids: [2] }] }, [3, 0]],
      ['by several ids', { target_components: [{ ids: [1, 3] }] }, [4, 3, 0]],
      ['by an id that none has', { target_components: [{ ids: [99] }] }, []],
      ['by a type of a component', { target_components: [batteries] }, [1]],
      ['by its category', { target_components: [{ categories: ['ElectricalComponentCategory.BATTERY'] }] }, [1]],
      ['by a type, which a whole category has', { target_components: [{ categories: ['InverterType.PV'] }] }, [5, 2]],
      ['by another type', { target_components: [{ categories: ['InverterType.HYBRID'] }] }, [2]],
      ['by a category, of any type', { target_components: [inverters] }, [5, 2]],
      ['by several targets', { target_components: [{ ids: [3] }, batteries] }, [3, 1]],
      ['active', { active: true }, [5, 4, 3, 1, 0]],
      ['inactive', { active: false }, [2]],
      ['dry runs', { dry_run: true }, [2]],
      ['what is no dry run', { dry_run: false }, [5, 4, 3, 1, 0]],
      ['what starts from an instant', { start_from: inAnHour }, [4, 3, 2, 0]],
      ['what starts before an instant', { start_to: inAnHour }, [5, 1]],
      ['what starts between two instants', { start_from: inAnHour, start_to: inTwoHours }, [4, 0]],
      ['what starts within nothing', { start_from: inAnHour, start_to: inAnHour }, []],
      ['what ends from an instant, or never', { end_from: later(inTwoHours, runMs) }, [5, 4, 3, 2]],
      ['what ends before an instant', { end_to: later(inTwoHours, runMs) }, [1, 0]],
      ['what ends between two instants', { end_from: later(inAnHour, runMs), end_to: inTwoHours }, [0]],
      ['a text in the type', { filter_queries: ['CHARGE'] }, [2, 1, 0]],
      ['a text that no type holds', { filter_queries: ['charge'] }, []],
      ['one of two texts', { filter_queries: ['FAST', 'ON'] }, [3, 1]],
      ['a text that is none to a database', { filter_queries: ['%', '_', '*'] }, [3, 1]],
      ['active ones with a text', { active: true, filter_queries: ['CHARGE'] }, [1, 0]],
      ['a target and an instant', { target_components: [{ ids: [2] }], start_from: inTwoHours }, [3]],
      [
        'all that can be asked at once',
        {
          target_components: [inverters],
          start_from: inAnHour,
          end_from: inAnHour,
          active: false,
          dry_run: true,
          filter_queries: ['DIS'],
        },
        [2],
      ],
    ])('%s', async (_, options, expected) => {
      expect(await listed(options)).toEqual(expected);
    });

    it('by ids and by queries for ids', async () => {
      const [first, second, third] = dispatches.map(({ id }) => id);
      expect(await listed({ dispatch_ids: [first, second] })).toEqual([1, 0]);
      expect(await listed({ dispatch_ids: [first, 999_999_999] })).toEqual([0]);
      expect(await listed({ filter_queries: [`#${second}`] })).toEqual([1]);
      expect(await listed({ filter_queries: [`#${second}`, 'SWITCH'] })).toEqual([3, 1]);
      expect(await listed({ filter_queries: ['#CHARGE'] })).toEqual([]);
      expect(await listed({ dispatch_ids: [first, third], active: true })).toEqual([0]);
    });

    it('page by page', async () => {
      const ids = dispatches.map(({ id }) => id).reverse();
      const pages = await test().python.list({ page_size: 4 }, microgridId);
      expect(pages).toEqual([ids.slice(0, 4), ids.slice(4)]);
      const active = await test().python.list({ page_size: 2, filter_queries: ['CHARGE'] }, microgridId);
      expect(active).toEqual([ids.slice(3, 5), ids.slice(5)]);
      expect(await test().python.list({}, 99)).toEqual([[]]);
    });

    it.each<[string, string, number[]]>([
      ['recurring ones', 'filter { is_recurring: true }', [5, 4]],
      ['what does not recur', 'filter { is_recurring: false }', [3, 2, 1, 0]],
      ['with a recurrence filter that says nothing', 'filter { filter {} }', [5, 4, 3, 2, 1, 0]],
      ['with a filter that says nothing', 'filter { start_time_interval {} }', [5, 4, 3, 2, 1, 0]],
      [
        'by categories in the old form',
        'filter { targets { component_categories { categories: ELECTRICAL_COMPONENT_CATEGORY_BATTERY } } }',
        [1],
      ],
      ['a page size of 0, which is the default', 'pagination_params { page_size: 0 }', [5, 4, 3, 2, 1, 0]],
      ['sorted by nothing', 'sort_options {}', [5, 4, 3, 2, 1, 0]],
      ['the oldest first', 'sort_options { sort_order: SORT_ORDER_ASCENDING }', [0, 1, 2, 3, 4, 5]],
      ...(
        [
          ['START_TIME', [1, 5, 0, 4, 2, 3]],
          ['CREATE_TIME', [0, 1, 2, 3, 4, 5]],
          ['LAST_UPDATE_TIME', [1, 2, 3, 4, 5, 0]],
        ] as const
      ).flatMap(([field, ascending]): [string, string, number[]][] => [
        [
          `by ${field}`,
          `sort_options { sort_field: SORT_FIELD_${field} sort_order: SORT_ORDER_ASCENDING }`,
          [...ascending],
        ],
        [
          `by ${field}, from the end`,
          `sort_options { sort_field: SORT_FIELD_${field} sort_order: SORT_ORDER_DESCENDING }`,
          [...ascending].reverse(),
        ],
        [`by ${field}, in no order`, `sort_options { sort_field: SORT_FIELD_${field} }`, [...ascending].reverse()],
      ]),
    ])('%s', async (_, request, expected) => {
      expect(await places(request)).toEqual(expected);
    });

    it('what was updated from an instant, and before it', async () => {
      const { dispatches } = await test().python.call<{
        dispatches: { metadata: { update_time: string } }[];
      }>('ListMicrogridDispatches', `microgrid_id: ${microgridId} filter { queries: "CHARGE_FAST" }`);
      const time = dispatches[0]?.metadata.update_time ?? '';
      const seconds = Math.floor(Date.parse(time) / 1000);
      const nanos = Number((/\.(\d+)Z/.exec(time)?.[1] ?? '').padEnd(9, '0'));
      const at = `{ seconds: ${seconds} nanos: ${nanos} }`;
      expect(await places(`filter { update_time_interval { start_time ${at} } }`)).toEqual([5, 4, 3, 2, 1, 0]);
      expect(await places(`filter { update_time_interval { end_time ${at} } }`)).toEqual([]);
      const after = `{ seconds: ${seconds} nanos: ${nanos + 1_000} }`;
      expect(await places(`filter { update_time_interval { end_time ${after} } }`)).toEqual([1]);
      const between = `start_time ${after} end_time { seconds: ${seconds + 3_600} }`;
      expect(await places(`filter { update_time_interval { ${between} } }`)).toEqual([5, 4, 3, 2, 0]);
    });

    it('and tells how many there are', async () => {
      const { pagination_info } = await asked('filter { is_active: true } pagination_params { page_size: 2 }');
      expect(pagination_info).toEqual({ total_items: 5, next_page_token: expect.any(String) });
      expect((await asked('')).pagination_info).toEqual({ total_items: 6 });
    });
  });

  describe('refuses a list', () => {
    it.each([
      ['by a target of nothing', 'filter { targets {} }', 'filter.targets[0]'],
      ['by a target without ids', 'filter { targets { component_ids {} } }', 'filter.targets[0]'],
      ['from no instant', 'filter { start_time_interval { start_time { nanos: -1 } } }', 'filter.start_time_interval'],
      [
        'to an instant after the year 9999',
        'filter { end_time_interval { end_time { seconds: 253402300800 } } }',
        'filter.end_time_interval',
      ],
      [
        'updated at no instant',
        'filter { update_time_interval { end_time { nanos: 1000000000 } } }',
        'filter.update_time_interval',
      ],
      ['by an unknown field', 'sort_options { sort_field: 9 }', 'sort_options.sort_field'],
      ['in an unknown order', 'sort_options { sort_order: 9 }', 'sort_options.sort_order'],
      ['with no token', 'pagination_params { page_token: "" }', 'pagination_params.page_token'],
      ['with another token', 'pagination_params { page_token: "WzEwMCwxLDEsImEiXQ" }', 'pagination_params.page_token'],
    ])('%s', async (_, request, field) => {
      await expect(asked(request)).rejects.toMatchObject(refusal('INVALID_ARGUMENT', field));
    });

    it('with the token of another list', async () => {
      const { pagination_info } = await asked('filter { is_active: true } pagination_params { page_size: 2 }');
      const token = `pagination_params { page_token: "${pagination_info.next_page_token}" }`;
      expect(await places(`filter { is_active: true } ${token}`)).toEqual([3, 1]);
      const refused = refusal('INVALID_ARGUMENT', 'pagination_params.page_token');
      await expect(asked(token)).rejects.toMatchObject(refused);
      await expect(asked(`filter { is_active: false } ${token}`)).rejects.toMatchObject(refused);
      const sort = 'sort_options { sort_field: SORT_FIELD_START_TIME }';
      await expect(asked(`filter { is_active: true } ${sort} ${token}`)).rejects.toMatchObject(refused);
      const other = `microgrid_id: 1 filter { is_active: true } ${token}`;
      await expect(test().python.call('ListMicrogridDispatches', other)).rejects.toMatchObject(refused);
    });
  });
}
