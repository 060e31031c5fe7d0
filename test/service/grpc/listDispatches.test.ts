import { Status } from 'nice-grpc-common';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DeepPartial,
  type Dispatch,
  type DispatchData,
  type DispatchFilter,
  RecurrenceRule_Frequency as Frequency,
  type ListMicrogridDispatchesRequest,
  type ListMicrogridDispatchesResponse,
  SortField,
  SortOrder,
  type TargetComponents,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { created, inSeconds, rawService, refusalOf, violationsOf } from '../../support/rawService.js';

const raw = await rawService();
const { client } = raw;
let microgridId = 0n;
beforeEach(() => {
  microgridId += 1n;
});
afterAll(() => raw[Symbol.asyncDispose]());

const create = (overrides: DeepPartial<DispatchData> = {}) => created(client, overrides, microgridId);
const list = (request: DeepPartial<ListMicrogridDispatchesRequest> = {}): Promise<ListMicrogridDispatchesResponse> =>
  client.listMicrogridDispatches({ microgridId, ...request });
const idsOf = (dispatches: readonly Dispatch[]) => dispatches.map(({ metadata }) => metadata?.dispatchId);
const filtered = async (filter: DeepPartial<DispatchFilter>) => idsOf((await list({ filter })).dispatches);
const typesOf = async (filter: DeepPartial<DispatchFilter>) =>
  (await list({ filter, sortOptions: { sortOrder: SortOrder.ASCENDING } })).dispatches.map(({ data }) => data?.type);
const ids = (...values: number[]): DeepPartial<TargetComponents> => ({
  components: { $case: 'componentIds', value: { ids: values.map(BigInt) } },
});
type TypedCategory = readonly [category: number, type?: { $case: 'battery' | 'inverter' | 'evCharger'; value: 1 | 2 }];
const categories = (...values: TypedCategory[]): DeepPartial<TargetComponents> => ({
  components: {
    $case: 'componentCategoriesTypes',
    value: { categories: values.map(([category, type]) => ({ category: category as 5, type })) },
  },
});
const LI_ION = { $case: 'battery', value: 1 } as const;
const NA_ION = { $case: 'battery', value: 2 } as const;

describe('filters', () => {
  it('list an empty microgrid as one empty page', async () => {
    expect(await list()).toEqual({ dispatches: [], paginationInfo: { totalItems: 0, nextPageToken: undefined } });
  });

  it('keep microgrids apart', async () => {
    await create();
    microgridId += 1n;
    expect((await list()).dispatches).toEqual([]);
  });

  it('list what get returns', async () => {
    const { id, metadata, data } = await create({ payload: { a: [1, 'ü'] }, recurrence: { freq: Frequency.HOURLY } });
    expect((await list({ filter: { dispatchIds: [id] } })).dispatches).toEqual([{ metadata, data }]);
  });

  it('take start times from the beginning of the interval, and not its end', async () => {
    const starts = [10, 20, 30, 40].map(inSeconds);
    for (const [index, startTime] of starts.entries()) await create({ type: String(index), startTime });
    const between = (from?: number, to?: number) =>
      typesOf({
        startTimeInterval: {
          ...(from !== undefined && { startTime: starts[from] }),
          ...(to !== undefined && { endTime: starts[to] }),
        },
      });
    expect(await between(1, 3)).toEqual(['1', '2']);
    expect(await between(1)).toEqual(['1', '2', '3']);
    expect(await between(undefined, 1)).toEqual(['0']);
    expect(await between()).toHaveLength(4);
    const justAfter = { seconds: starts[1]?.seconds ?? 0n, nanos: 1 };
    expect(await typesOf({ startTimeInterval: { startTime: justAfter } })).toEqual(['2', '3']);
    expect(await typesOf({ startTimeInterval: { endTime: justAfter } })).toEqual(['0', '1']);
  });

  it('count a missing end time as infinitely late', async () => {
    const start = inSeconds(100);
    await create({ type: 'ends', startTime: start, duration: 10 });
    await create({ type: 'never ends', startTime: start, duration: undefined });
    await create({ type: 'recurs', startTime: start, recurrence: { freq: Frequency.DAILY } });
    const end = { seconds: start.seconds + 10n, nanos: 0 };
    expect(await typesOf({ endTimeInterval: { startTime: end } })).toEqual(['ends', 'never ends', 'recurs']);
    expect(await typesOf({ endTimeInterval: { startTime: { ...end, nanos: 1 } } })).toEqual(['never ends', 'recurs']);
    expect(await typesOf({ endTimeInterval: { endTime: end } })).toEqual([]);
    expect(await typesOf({ endTimeInterval: { endTime: { ...end, nanos: 1 } } })).toEqual(['ends']);
  });

  it('compare update times to the microsecond', async () => {
    const first = await create();
    const second = await create();
    const updateTime = second.metadata?.updateTime;
    expect(await filtered({ updateTimeInterval: { startTime: updateTime } })).toEqual([second.id]);
    expect(await filtered({ updateTimeInterval: { endTime: updateTime } })).toEqual([first.id]);
    expect(await filtered({ updateTimeInterval: { startTime: { seconds: 253_402_300_799n, nanos: 0 } } })).toEqual([]);
  });

  it('select by state, dry run and recurrence', async () => {
    await create({ type: 'off', isActive: false });
    await create({ type: 'dry', isDryRun: true });
    await create({ type: 'recurs', recurrence: { freq: Frequency.DAILY } });
    expect(await typesOf({ isActive: false })).toEqual(['off']);
    expect(await typesOf({ isActive: true })).toEqual(['dry', 'recurs']);
    expect(await typesOf({ isDryRun: true })).toEqual(['dry']);
    expect(await typesOf({ isDryRun: false })).toEqual(['off', 'recurs']);
    expect(await typesOf({ recurrence: { $case: 'isRecurring', value: true } })).toEqual(['recurs']);
    expect(await typesOf({ recurrence: { $case: 'isRecurring', value: false } })).toEqual(['off', 'dry']);
    expect(await typesOf({ recurrence: { $case: 'filter', value: {} } })).toHaveLength(3);
  });

  it('take any of several ids, and any of several queries', async () => {
    const charge = await create({ type: 'CHARGE' });
    const discharge = await create({ type: 'DISCHARGE' });
    const hash = await create({ type: `#${charge.id}x` });
    const query = (...queries: string[]) => filtered({ queries }).then(found => new Set(found));
    expect(await filtered({ dispatchIds: [charge.id, hash.id, 999_999n] })).toEqual([hash.id, charge.id]);
    expect(await query('CHARGE')).toEqual(new Set([charge.id, discharge.id]));
    expect(await query('charge')).toEqual(new Set());
    expect(await query(`#${charge.id}`)).toEqual(new Set([charge.id]));
    expect(await query(`#${charge.id}x`)).toEqual(new Set([hash.id]));
    expect(await query('DIS', `#${charge.id}`)).toEqual(new Set([charge.id, discharge.id]));
    expect(await query('#99999999999999999999')).toEqual(new Set());
    expect(await query('CHARGE\0')).toEqual(new Set());
  });

  it('need every field to match', async () => {
    await create({ type: 'A' });
    await create({ type: 'B' });
    const off = await create({ type: 'A', isActive: false });
    expect(await filtered({ queries: ['A'], isActive: false })).toEqual([off.id]);
  });

  it('match targets by overlap, and a category without a type matches all of it', async () => {
    await create({ type: 'ids 1 2', target: ids(1, 2) });
    await create({ type: 'ids 5', target: ids(5) });
    await create({ type: 'battery', target: categories([5]) });
    await create({ type: 'li-ion', target: categories([5, LI_ION]) });
    await create({ type: 'na-ion, meter', target: categories([5, NA_ION], [2]) });
    const of = (...targets: DeepPartial<TargetComponents>[]) => typesOf({ targets });
    expect(await of(ids(2, 3))).toEqual(['ids 1 2']);
    expect(await of(ids(5))).toEqual(['ids 5']);
    expect(await of(categories([5]))).toEqual(['battery', 'li-ion', 'na-ion, meter']);
    expect(await of(categories([5, LI_ION]))).toEqual(['battery', 'li-ion']);
    expect(await of(categories([2]), ids(1))).toEqual(['ids 1 2', 'na-ion, meter']);
    expect(await of({ components: { $case: 'componentCategories', value: { categories: [2] } } })).toEqual([
      'na-ion, meter',
    ]);
    expect(await of(categories([9]))).toEqual([]);
  });

  it('find nothing in an interval that ends where it begins, or before', async () => {
    const { metadata, data } = await create();
    const [start, end, update] = [data?.startTime, metadata?.endTime, metadata?.updateTime];
    const early = { seconds: 0n, nanos: 0 };
    for (const endTime of [early, undefined]) {
      expect(await filtered({ startTimeInterval: { startTime: start, endTime: endTime ?? start } })).toEqual([]);
      expect(await filtered({ endTimeInterval: { startTime: end, endTime: endTime ?? end } })).toEqual([]);
      expect(await filtered({ updateTimeInterval: { startTime: update, endTime: endTime ?? update } })).toEqual([]);
    }
    expect(await filtered({ startTimeInterval: {}, endTimeInterval: {}, updateTimeInterval: {} })).toHaveLength(1);
  });

  it('may name 1,000 components, 1,000 ids and 100 queries', async () => {
    const { id } = await create({ target: ids(1) });
    const half = (from: number) => ids(...Array.from({ length: 500 }, (_, index) => from + index));
    expect(await filtered({ targets: [half(1), half(501)] })).toEqual([id]);
    expect(await filtered({ dispatchIds: [...Array(999).fill(0n), id] })).toEqual([id]);
    expect(await filtered({ queries: [...Array(99).fill('nothing'), `#${id}`] })).toEqual([id]);
  });
});

describe('a list request', () => {
  const AT_LEAST_ONE = 'must name at least one component id or category';
  const beyond = { seconds: 2n ** 60n, nanos: 0 };
  const ROWS: readonly (readonly [DeepPartial<ListMicrogridDispatchesRequest>, ...descriptions: string[]])[] = [
    [
      { filter: { targets: [ids(1), {}, ids(), categories()] } },
      ...[1, 2, 3].map(index => `filter.targets[${index}]: ${AT_LEAST_ONE}`),
    ],
    [
      { filter: { targets: [ids(...Array(600).fill(1)), categories(...Array(401).fill([2]))] } },
      'filter.targets: must name at most 1000 component ids and categories together',
    ],
    [
      { filter: { targets: Array(1001).fill({}) } },
      'filter.targets: must name at most 1000 component ids and categories together',
    ],
    [
      { filter: { dispatchIds: Array(1001).fill(1n) } },
      'filter.dispatch_ids: must have at most 1000 entries, not 1001',
    ],
    [{ filter: { queries: Array(101).fill('A') } }, 'filter.queries: must have at most 100 entries, not 101'],
    [
      { filter: { endTimeInterval: { startTime: { seconds: 0n, nanos: -1 } } } },
      'filter.end_time_interval.start_time: has -1 nanoseconds, not 0 to 999999999',
    ],
    [
      { filter: { startTimeInterval: { startTime: beyond, endTime: beyond } } },
      'filter.start_time_interval.start_time: is not within the years 1 to 9999',
      'filter.start_time_interval.end_time: is not within the years 1 to 9999',
    ],
    [
      { filter: { updateTimeInterval: { endTime: beyond } } },
      'filter.update_time_interval.end_time: is not within the years 1 to 9999',
    ],
    [
      { sortOptions: { sortField: 9 as 1, sortOrder: -1 as 1 }, filter: { targets: [{}] } },
      `filter.targets[0]: ${AT_LEAST_ONE}`,
      'sort_options.sort_field: must be one of UNSPECIFIED, START_TIME, CREATE_TIME, LAST_UPDATE_TIME, not 9',
      'sort_options.sort_order: must be one of UNSPECIFIED, ASCENDING, DESCENDING, not -1',
    ],
  ];

  it.each(ROWS.map(([request, ...descriptions]) => [descriptions.join('; '), request, descriptions] as const))(
    'is refused with %s',
    async (_, request, descriptions) => {
      const { code, violations } = await refusalOf(list(request));
      expect(code).toBe(Status.INVALID_ARGUMENT);
      expect(violations).toEqual(violationsOf(descriptions));
    },
  );
});

describe('sorting', () => {
  const sorted = async (sortField?: SortField, sortOrder?: SortOrder) => {
    const sortOptions = { ...(sortField && { sortField }), ...(sortOrder && { sortOrder }) };
    return (await list({ sortOptions })).dispatches.map(({ data }) => data?.type).join('');
  };

  it('is by create time, newest first, unless the request says otherwise', async () => {
    await create({ type: 'a', startTime: inSeconds(300) });
    const b = await create({ type: 'b', startTime: inSeconds(100) });
    await create({ type: 'c', startTime: inSeconds(200) });
    await client.updateMicrogridDispatch({ microgridId, dispatchId: b.id, updateMask: ['duration'] });

    expect((await list()).dispatches.map(({ data }) => data?.type).join('')).toBe('cba');
    expect(await sorted(SortField.UNSPECIFIED, SortOrder.ASCENDING)).toBe('abc');
    expect(await sorted(SortField.CREATE_TIME, SortOrder.ASCENDING)).toBe('abc');
    expect(await sorted(SortField.CREATE_TIME, SortOrder.DESCENDING)).toBe('cba');
    expect(await sorted(SortField.START_TIME, SortOrder.ASCENDING)).toBe('bca');
    expect(await sorted(SortField.START_TIME, SortOrder.DESCENDING)).toBe('acb');
    expect(await sorted(SortField.START_TIME)).toBe('acb');
    expect(await sorted(SortField.LAST_UPDATE_TIME, SortOrder.ASCENDING)).toBe('acb');
    expect(await sorted(SortField.LAST_UPDATE_TIME, SortOrder.DESCENDING)).toBe('bca');
  });
});
