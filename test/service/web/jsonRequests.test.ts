import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DispatchService, startDispatchService } from '../../../src/service/index.js';

let service: DispatchService;
beforeAll(async () => {
  service = await startDispatchService({ web: {} });
});
afterAll(() => service.stop());

/** Makes a call in JSON, whose body may be a text that JSON.stringify would not write. */
async function post(method: string, body: unknown, headers: object = {}) {
  const answer = await fetch(`${service.webUrl}/frequenz.api.dispatch.v1.MicrogridDispatchService/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers.
  return { status: answer.status, body: (await answer.json()) as any };
}

const DATA = {
  type: 'CHARGE',
  startTime: '2035-01-01T08:00:00Z',
  duration: 1_800,
  target: { componentIds: { ids: [5] } },
};

const create = (data: object, rest: object = {}) =>
  post('CreateMicrogridDispatch', { microgridId: 1, ...rest, dispatchData: { ...DATA, ...data } });

async function expectRefused(answer: Promise<Awaited<ReturnType<typeof post>>>, field: string, problem: string) {
  const { status, body } = await answer;
  expect(body.message).toBe(`${field}: ${problem}`);
  expect(status).toBe(400);
  expect(body.details[0].debug.fieldViolations).toEqual([{ field, description: body.message }]);
}

const EXISTS = 'must be a time that exists, on a day of its month and within 00:00:00 to 23:59:59, not';
const FORM = 'must be a text such as "2035-01-01T08:00:00Z" (RFC 3339), not';

const FREQUENCIES = ['MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].map(name => `FREQUENCY_${name}`);

describe('times in JSON', () => {
  it.each([
    '2035-02-30T08:00:00Z',
    '2027-02-29T08:00:00Z',
    '2035-04-31T24:00:00Z',
    '2035-04-30T24:00:00Z',
    '2035-02-30T08:00:00+02:00',
    '2035-13-01T08:00:00Z',
    '2035-01-00T08:00:00Z',
    '2035-01-01T08:60:00Z',
    '2035-06-30T23:59:60Z',
  ])('that do not exist are refused: %s', async text => {
    await expectRefused(create({ startTime: text }), 'dispatchData.startTime', `${EXISTS} "${text}"`);
  });

  it.each<[unknown, string]>([
    [1_735_689_600, '1735689600'],
    ['2035-01-01', '"2035-01-01"'],
    ['2035-01-01T08:00', '"2035-01-01T08:00"'],
    ['2035-01-01 08:00:00Z', '"2035-01-01 08:00:00Z"'],
    ['2035-01-01T08:00:00+24:00', '"2035-01-01T08:00:00+24:00"'],
    [{ seconds: 5 }, 'an object'],
  ])('of another form are refused with the right one: %j', async (startTime, shown) => {
    await expectRefused(create({ startTime }), 'dispatchData.startTime', `${FORM} ${shown}`);
  });

  it.each(['0000-12-31T23:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00'])(
    'are within the years 1 to 9999: %s',
    async startTime => {
      await expectRefused(create({ startTime }), 'dispatchData.startTime', 'is not within the years 1 to 9999');
    },
  );

  it.each([
    ['2036-02-29T08:00:00Z', '2036-02-29T08:00:00Z'],
    ['2035-01-01T00:30:00+01:30', '2034-12-31T23:00:00Z'],
    ['2035-01-01T08:00:00.499999999Z', '2035-01-01T08:00:00Z'],
  ])('that exist are taken: %s', async (startTime, stored) => {
    const { body } = await create({ startTime });
    expect(body.dispatch.data.startTime).toBe(stored);
  });

  it('are looked at wherever they are', async () => {
    const wrong = '2035-02-30T08:00:00Z';
    const recurrence = { freq: 'FREQUENCY_DAILY', endCriteria: { untilTime: wrong } };
    const problem = `${EXISTS} "${wrong}"`;
    await expectRefused(create({ recurrence }), 'dispatchData.recurrence.endCriteria.untilTime', problem);
    const ids = { microgridId: 1, dispatchId: 1 };
    const update = { ...ids, updateMask: 'startTime', update: { startTime: wrong } };
    await expectRefused(post('UpdateMicrogridDispatch', update), 'update.startTime', problem);
    for (const interval of ['startTimeInterval', 'endTimeInterval', 'updateTimeInterval']) {
      const filter = { [interval]: { endTime: wrong } };
      const list = post('ListMicrogridDispatches', { microgridId: 1, filter });
      await expectRefused(list, `filter.${interval}.endTime`, problem);
    }
  });
});

describe('texts in JSON that UTF-8 cannot represent are refused', () => {
  it.each([
    ['"payload":{"\\ud800":1,"\\ud801":2}', 'payload', 'must not have a key with a lone surrogate, such as "\\ud800"'],
    ['"payload":{"a":{"\\udfff":1}}', 'payload.a', 'must not have a key with a lone surrogate, such as "\\udfff"'],
    ['"payload":{"a":["b","\\ud800c"]}', 'payload.a[1]', 'must not contain a lone surrogate'],
    ['"type":"\\ud800"', 'type', 'must not contain a lone surrogate'],
  ])('%s', async (member, field, problem) => {
    const data = JSON.stringify(DATA).replace('}}}', `}},${member}}`).replace('"type":"CHARGE",', '');
    await expectRefused(
      post('CreateMicrogridDispatch', `{"microgridId":1,"dispatchData":${data}}`),
      `dispatchData.${field}`,
      problem,
    );
  });

  it('those that it can are kept as they are', async () => {
    const payload = { '\u{1f50b}': 'völlig \u{1f50c}', '\ufffd': 1 };
    const { body } = await create({ payload });
    expect(body.dispatch.data.payload).toEqual(payload);
  });
});

describe('what is wrong in JSON is told with what is right', () => {
  const OF_64_BITS = 'must be an integer from 0 to 2^64-1, as a text above 2^53-1, not';

  it.each<[object, string, string]>([
    [{ recurrence: { freq: 'DAILY' } }, 'recurrence.freq', 'must be FREQUENCY_DAILY, not "DAILY"'],
    [{ recurrence: { freq: 'often' } }, 'recurrence.freq', `must be one of ${FREQUENCIES.join(', ')}, not "often"`],
    [
      { recurrence: { byweekdays: ['WEEKDAY_FRIDAY', 'monday'] } },
      'recurrence.byweekdays[1]',
      'must be WEEKDAY_MONDAY, not "monday"',
    ],
    [
      { target: { componentCategories: { categories: ['BATTERY'] } } },
      'target.componentCategories.categories[0]',
      'must be ELECTRICAL_COMPONENT_CATEGORY_BATTERY, not "BATTERY"',
    ],
    [{ payload: [1] }, 'payload', 'must be an object such as {"power_kw": 4.2}, not a list'],
    [{ target: { componentIds: [5] } }, 'target.componentIds', 'must be an object such as {"ids": …}, not a list'],
    [{ target: { componentIds: { ids: 5 } } }, 'target.componentIds.ids', 'must be a list, not 5'],
    [{ target: { componentIds: { ids: [null] } } }, 'target.componentIds.ids[0]', `${OF_64_BITS} null`],
    [
      { target: { componentIds: {}, componentCategories: {} } },
      'target.componentCategories',
      'must not be given beside componentIds',
    ],
    [{ duration: '0x10' }, 'duration', 'must be an integer from 0 to 4294967295, not "0x10"'],
    [{ duration: 1.5 }, 'duration', 'must be an integer from 0 to 4294967295, not 1.5'],
    [{ isActive: 'yes' }, 'isActive', 'must be true or false, not "yes"'],
    [{ type: 5 }, 'type', 'must be a text, not 5'],
    [
      { start: 1 },
      'start',
      'is no field of DispatchData, which has type, startTime, duration, target, isActive, isDryRun, payload, recurrence',
    ],
  ])('%j', async (data, field, problem) => {
    await expectRefused(create(data), `dispatchData.${field}`, problem);
  });

  it.each<[object, string, string]>([
    [{ microgridId: 'abc' }, 'microgridId', `${OF_64_BITS} "abc"`],
    [{ microgridId: 2 ** 53 }, 'microgridId', `${OF_64_BITS} 9007199254740992`],
    [{ microgridId: '18446744073709551616' }, 'microgridId', `${OF_64_BITS} "18446744073709551616"`],
    [{ microgrid_id: 1 }, 'microgridId', 'is given twice, also as microgrid_id'],
    [
      { updateMask: { paths: ['isActive'] } },
      'updateMask',
      'must be a text of names in camel case, such as "isActive,startTime", not an object',
    ],
    [
      { updateMask: 'start_time' },
      'updateMask',
      'must be a text of names in camel case, such as "isActive,startTime", not "start_time"',
    ],
  ])('%j of an update', async (fields, field, problem) => {
    await expectRefused(post('UpdateMicrogridDispatch', { microgridId: 1, ...fields }), field, problem);
  });

  it.each([
    ['[]', 'a list'],
    ['null', 'null'],
    ['"a"', '"a"'],
  ])('the request %s', async (body, shown) => {
    expect(await post('ListMicrogridDispatches', body)).toEqual({
      status: 400,
      body: {
        code: 'invalid_argument',
        message: `the request must be an object such as {"microgridId": …}, not ${shown}`,
      },
    });
  });

  it('and integers are taken as texts, with a fraction or an exponent, and fields by their names of the protocol', async () => {
    const { body } = await create({ duration: '1.8e3', target: { component_ids: { ids: ['7'] } }, payload: null });
    expect(body.dispatch.data).toMatchObject({ duration: 1_800, target: { componentIds: { ids: ['7'] } } });
  });
});

describe('what the service refuses is told in the names of JSON', () => {
  const WEEKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];

  it.each<[object, string, string]>([
    [{ recurrence: { freq: 99 } }, 'recurrence.freq', `must be one of ${FREQUENCIES.join(', ')}, not 99`],
    [
      { recurrence: { freq: 3, byweekdays: [1, 9] } },
      'recurrence.byweekdays[1]',
      `must be one of ${WEEKDAYS.map(name => `WEEKDAY_${name}`).join(', ')}, not 9`,
    ],
    [
      {
        target: {
          componentCategoriesTypes: {
            categories: [{ category: 'ELECTRICAL_COMPONENT_CATEGORY_METER', evCharger: 'EV_CHARGER_TYPE_AC' }],
          },
        },
      },
      'target.componentCategoriesTypes.categories[0].category',
      'must be ELECTRICAL_COMPONENT_CATEGORY_EV_CHARGER, as its evCharger type is, not ELECTRICAL_COMPONENT_CATEGORY_METER',
    ],
    [
      { recurrence: { freq: 'FREQUENCY_HOURLY', interval: 2, byhours: [7] } },
      'recurrence',
      'must reach one of its hours and minutes, counting its interval from startTime',
    ],
    [
      { payload: { start_time: [[[[[]]]]] } },
      'payload.start_time[0][0][0][0]',
      'must not be an object or list: they may nest 5 levels deep',
    ],
  ])('%j', async (data, field, problem) => {
    await expectRefused(create(data), `dispatchData.${field}`, problem);
  });

  it('also the names of a mask, and values that a mask needs', async () => {
    const { body } = await create({});
    const ids = { microgridId: 1, dispatchId: body.dispatch.metadata.dispatchId };
    const names = 'startTime, duration, target, isActive, payload, recurrence';
    const update = (updateMask: string) => post('UpdateMicrogridDispatch', { ...ids, updateMask, update: {} });
    await expectRefused(update('starttime'), 'updateMask', `"starttime" is not one of ${names}`);
    await expectRefused(update('startTimes'), 'updateMask', `"startTimes" is not one of ${names}`);
    await expectRefused(
      update('recurrence.every'),
      'updateMask',
      '"recurrence.every" is not one of recurrence.{freq,interval,endCriteria,byminutes,byhours,byweekdays,bymonthdays,bymonths}',
    );
    await expectRefused(update('isActive'), 'update.isActive', 'must be set, since updateMask names it');
  });

  it('several at once, and the field of an order', async () => {
    const { body } = await create({ type: '', recurrence: { freq: 99 } });
    const { fieldViolations } = body.details[0].debug;
    expect(fieldViolations.map(({ field }: { field: string }) => field)).toEqual([
      'dispatchData.type',
      'dispatchData.recurrence.freq',
    ]);
    expect(body.message).toBe(
      fieldViolations.map(({ description }: { description: string }) => description).join('; '),
    );
    const sorted = post('ListMicrogridDispatches', { microgridId: 1, sortOptions: { sortField: 9 } });
    const fields = ['UNSPECIFIED', 'START_TIME', 'CREATE_TIME', 'LAST_UPDATE_TIME'].map(name => `SORT_FIELD_${name}`);
    await expectRefused(sorted, 'sortOptions.sortField', `must be one of ${fields.join(', ')}, not 9`);
  });
});

describe('ids in JSON', () => {
  const GIVEN = 'must be given, also if it is 0';

  it.each(['CreateMicrogridDispatch', 'UpdateMicrogridDispatch', 'ListMicrogridDispatches'])(
    'must be given: %s',
    async method => {
      await expectRefused(post(method, {}), 'microgridId', GIVEN);
      await expectRefused(post(method, { microgridId: null }), 'microgridId', GIVEN);
    },
  );

  it('of dispatches, too', async () => {
    for (const method of ['GetMicrogridDispatch', 'UpdateMicrogridDispatch', 'DeleteMicrogridDispatch']) {
      await expectRefused(post(method, { microgrid_id: 0 }), 'dispatchId', GIVEN);
    }
  });

  it('may be 0, which generated clients leave out', async () => {
    const { body } = await create({ type: 'NONE' }, { microgridId: 0 });
    const list = { dispatches: [body.dispatch], paginationInfo: { totalItems: 1 } };
    expect(await post('ListMicrogridDispatches', { microgridId: 0 })).toEqual({ status: 200, body: list });
    const headers = { 'connect-protocol-version': '1' };
    expect(await post('ListMicrogridDispatches', {}, headers)).toEqual({ status: 200, body: list });
  });
});
