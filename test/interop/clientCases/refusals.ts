import { describe, expect, it } from 'vitest';
import { type ClientTest, refusal, startText } from './clientTest.js';

const METHODS = ['List', 'Create', 'Get', 'Update', 'Delete', 'Stream'].map(
  name => `${name}MicrogridDispatch${name === 'List' || name === 'Stream' ? 'es' : ''}`,
);

/** Fields of data, in protobuf's text format; what a case does not say is as in one run of ten minutes in an hour. */
interface Data {
  readonly type?: string;
  readonly start?: string;
  readonly target?: string;
  readonly rest?: string;
}

const daily = (fields: string, freq = 'FREQUENCY_DAILY'): Data => ({ rest: `recurrence { freq: ${freq} ${fields} }` });
const payload = (value: string): Data => ({ rest: `payload { fields { key: "a" value { ${value} } } }` });
const typed = (fields: string): Data => ({
  target: `target { component_categories_types { categories { ${fields} } } }`,
});
const ids = (count: number): Data => ({
  target: `target { component_ids { ids: [${Array.from({ length: count }, (_, id) => id + 1)}] } }`,
});
const nested = (levels: number): string =>
  levels === 1 ? 'number_value: 1' : `struct_value { fields { key: "a" value { ${nested(levels - 1)} } } }`;

const refused: { readonly [name: string]: readonly [data: Data, field: string] } = {
  'no type': [{ type: '' }, 'type'],
  'a type of 257 characters': [{ type: `type: "${'ü'.repeat(257)}"` }, 'type'],
  'a type with the character U+0000': [{ type: 'type: "A\\000B"' }, 'type'],
  'no start time': [{ start: '' }, 'start_time'],
  'a start time in the past': [{ start: startText(1_000) }, 'start_time'],
  'a start time of too many nanoseconds': [{ start: 'start_time { nanos: 1000000000 }' }, 'start_time'],
  'a start time after the year 9999': [{ start: startText(253_402_300_800) }, 'start_time'],
  'an end after the year 9999': [{ start: startText(253_402_300_799), rest: 'duration: 4294967295' }, 'duration'],
  'no target': [{ target: '' }, 'target'],
  'a target of nothing': [{ target: 'target {}' }, 'target'],
  'a target without ids': [{ target: 'target { component_ids {} }' }, 'target'],
  'a target without categories': [{ target: 'target { component_categories_types {} }' }, 'target'],
  'a target without categories in the old form': [{ target: 'target { component_categories {} }' }, 'target'],
  '1,001 component ids': [ids(1_001), 'target'],
  'a component id above 2^53-1': [{ target: 'target { component_ids { ids: 9007199254740992 } }' }, 'target'],
  'an unknown battery type': [typed('category: 5 battery: 99'), 'target'],
  'an unknown inverter type': [typed('category: 3 inverter: 99'), 'target'],
  'an unknown EV charger type': [typed('category: 6 ev_charger: 99'), 'target'],
  'a battery type of an inverter': [typed('category: 3 battery: BATTERY_TYPE_LI_ION'), 'target'],
  'a payload with NaN': [payload('number_value: nan'), 'payload'],
  'a payload with Infinity': [payload('list_value { values { number_value: -inf } }'), 'payload'],
  'a payload of six levels': [payload(nested(6)), 'payload'],
  'a payload above 50 KB': [payload(`string_value: "${'x'.repeat(52_000)}"`), 'payload'],
  'a rule without a frequency': [{ rest: 'recurrence { byhours: 6 }' }, 'recurrence.freq'],
  'an unknown frequency': [daily('', '7'), 'recurrence.freq'],
  'an interval of 10,001': [daily('interval: 10001'), 'recurrence.interval'],
  'a count of 0': [daily('end_criteria { count: 0 }'), 'recurrence.end_criteria.count'],
  'a count of 4,097': [daily('end_criteria { count: 4097 }'), 'recurrence.end_criteria.count'],
  'an end of too many nanoseconds': [
    daily('end_criteria { until_time { nanos: -1 } }'),
    'recurrence.end_criteria.until_time',
  ],
  'the minute 60': [daily('byminutes: [59, 60]'), 'recurrence.byminutes'],
  'the hour 24': [daily('byhours: [23, 24]'), 'recurrence.byhours'],
  'no weekday': [daily('byweekdays: 0'), 'recurrence.byweekdays'],
  'the weekday 8': [daily('byweekdays: 8'), 'recurrence.byweekdays'],
  'the day 0 of a month': [daily('bymonthdays: 0'), 'recurrence.bymonthdays'],
  'the day 32 of a month': [daily('bymonthdays: 32'), 'recurrence.bymonthdays'],
  'the day -32 of a month': [daily('bymonthdays: -32'), 'recurrence.bymonthdays'],
  'days of a month in a weekly rule': [daily('bymonthdays: 1', 'FREQUENCY_WEEKLY'), 'recurrence.bymonthdays'],
  'the month 0': [daily('bymonths: 0'), 'recurrence.bymonths'],
  'the month 13': [daily('bymonths: 13'), 'recurrence.bymonths'],
};

const accepted: { readonly [name: string]: Data } = {
  'a type of 256 characters': { type: `type: "${'ü'.repeat(256)}"` },
  '1,000 component ids': ids(1_000),
  'a type of a component without its category': typed('battery: BATTERY_TYPE_LI_ION'),
  'categories in the old form': { target: 'target { component_categories { categories: [2, 5] } }' },
  'an unknown category': typed('category: 99'),
  'a payload of five levels': payload(nested(5)),
  'a payload of nearly 50 KB': payload(`string_value: "${'x'.repeat(51_000)}"`),
  'an interval of 10,000': daily('interval: 10000'),
  'a count of 4,096': daily('end_criteria { count: 4096 }'),
  'every minute, hour, weekday, day and month at an end of its range': daily(
    'byminutes: [0, 59] byhours: [0, 23] byweekdays: [1, 7] bymonthdays: [1, 31, -1, -31] bymonths: [1, 12]',
    'FREQUENCY_YEARLY',
  ),
  'a rule that says nothing': { rest: 'recurrence {}' },
};

/** What the service takes and what it refuses, as the Python package's messages can ask for it. */
export function describeRefusals(test: () => ClientTest): void {
  function create({ type = 'type: "INTEROP"', ...data }: Data): Promise<{ dispatch: object }> {
    const { start, target = 'target { component_ids { ids: 1 } }', rest = 'duration: 600' } = data;
    const fields = [type, start ?? startText(), target, rest].join(' ');
    return test().python.call('CreateMicrogridDispatch', `microgrid_id: 1 dispatch_data { ${fields} }`);
  }

  describe('refuses to create a dispatch with', () => {
    it.each(Object.entries(refused))('%s', async (_, [data, field]) => {
      const path = `dispatch_data.${field}`;
      const error = await create(data).catch(error => error);
      expect(error).toMatchObject(refusal('INVALID_ARGUMENT', path));
      expect(error.violations.map(({ field }: { field: string }) => field)).toContainEqual(
        expect.stringMatching(new RegExp(`^${path}($|\\[|\\.)`)),
      );
    });

    it('no data', async () => {
      const refused = refusal('INVALID_ARGUMENT', 'dispatch_data');
      await expect(test().python.call('CreateMicrogridDispatch', 'microgrid_id: 1')).rejects.toMatchObject(refused);
    });

    it('several things that are wrong, and tells of all', async () => {
      const error = await create({ type: '', target: '', ...daily('byhours: [24, 25] bymonths: 13') }).catch(e => e);
      expect(error.code).toBe('INVALID_ARGUMENT');
      const fields = ['type', 'target', 'recurrence.byhours[0]', 'recurrence.byhours[1]', 'recurrence.bymonths[0]'];
      expect(error.violations.map(({ field }: { field: string }) => field)).toEqual(
        fields.map(field => `dispatch_data.${field}`),
      );
    });

    it('more things that are wrong than an error has room for', async () => {
      const minutes = Array.from({ length: 60 }, (_, minute) => 60 + minute);
      const error = await create(daily(`byminutes: [${minutes}]`)).catch(e => e);
      expect(error.violations).toHaveLength(20);
      expect(Buffer.byteLength(error.message)).toBeLessThanOrEqual(1024);
    });
  });

  it('refuses to create a dispatch in a microgrid with an id above 2^53-1', async () => {
    const refused = refusal('INVALID_ARGUMENT', 'microgrid_id');
    const created = test().python.call('CreateMicrogridDispatch', 'microgrid_id: 9007199254740992');
    await expect(created).rejects.toMatchObject(refused);
  });

  it.each(METHODS.filter(method => /Get|Update|Delete/.test(method)))(
    'finds no dispatch with an id above 2^53-1, nor in such a microgrid, in %s',
    async method => {
      for (const [microgrid, dispatch] of [
        ['1', '18446744073709551615'],
        ['9007199254740992', '1'],
      ]) {
        const request = `microgrid_id: ${microgrid} dispatch_id: ${dispatch}`;
        const refused = { code: 'NOT_FOUND', message: `microgrid ${microgrid} has no dispatch ${dispatch}` };
        await expect(test().python.call(method, request)).rejects.toMatchObject(refused);
      }
    },
  );

  it('lists nothing of a microgrid with an id above 2^53-1, and opens its stream', async () => {
    const { python } = test();
    const list = await python.call('ListMicrogridDispatches', 'microgrid_id: 18446744073709551615');
    expect(list).not.toHaveProperty('dispatches');
    expect(await python.openStream('large', 2 ** 53)).toContain('change-log-position');
    await python.closeStream('large');
  });

  it.each(METHODS.filter(method => /Get|Update|Delete/.test(method)))(
    'finds no dispatch of another microgrid in %s',
    async method => {
      const { id } = await test().python.create();
      const request = `microgrid_id: 4 dispatch_id: ${id}`;
      await expect(test().python.call(method, request)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    },
  );

  it('answers with both ids where the message has room for them', async () => {
    const { python } = test();
    const { id } = await python.create();
    const request = `microgrid_id: 1 dispatch_id: ${id}`;
    const found = await python.call('GetMicrogridDispatch', request);
    expect(found).toMatchObject({ microgrid_id: '1', dispatch: { metadata: { dispatch_id: String(id) } } });
    const deleted = await python.call('DeleteMicrogridDispatch', request);
    expect(deleted).toEqual({ microgrid_id: '1', dispatch_id: String(id) });
  });

  describe('creates a dispatch with', () => {
    it.each(Object.entries(accepted))('%s, which Python can read', async (_, data) => {
      const { dispatch } = (await create(data)) as { dispatch: { metadata: { dispatch_id: string } } };
      expect(await test().python.get(Number(dispatch.metadata.dispatch_id))).toMatchObject({ dry_run: false });
    });

    it('a start time of three seconds ago', async () => {
      await create({ start: startText(Math.floor(Date.now() / 1000) - 3) });
    });
  });
}
