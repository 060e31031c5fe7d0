import { describe, expect, it } from 'vitest';
import { beforeUpdate, fullRule, startTime } from '../pythonCases.js';
import { noRule, type PythonDispatch, type PythonRule } from '../pythonDispatch.js';
import { type ClientTest, refusal } from './clientTest.js';

interface MaskCase {
  readonly paths: readonly string[];
  /** The update, in protobuf's text format. */
  readonly update?: string;
  /** What Python then reads in place of the old. */
  readonly reads: Partial<PythonDispatch>;
}

const untilSeconds = Date.parse(startTime) / 1000 + 86_400;
const until = new Date(untilSeconds * 1000).toISOString();

/** Updates of a dispatch with something in every field. */
const accepted: { readonly [name: string]: MaskCase } = {
  'duration without a value, which clears it': { paths: ['duration'], update: '', reads: { duration: null } },
  'duration without an update': { paths: ['duration'], reads: { duration: null } },
  'duration 0, which is not nothing': { paths: ['duration'], update: 'duration: 0', reads: { duration: 0 } },
  'payload without a value': { paths: ['payload'], update: '', reads: { payload: {} } },
  'payload that is empty': { paths: ['payload'], update: 'payload {}', reads: { payload: {} } },
  'recurrence without a value': { paths: ['recurrence'], update: '', reads: { recurrence: noRule } },
  'recurrence, the whole rule': {
    paths: ['recurrence'],
    update: 'recurrence { freq: FREQUENCY_HOURLY byminutes: [5, 10] }',
    reads: { recurrence: { ...noRule, frequency: 'HOURLY', interval: 1, byminutes: [5, 10] } },
  },
  'recurrence and a part of it': {
    paths: ['recurrence', 'recurrence.byhours'],
    update: 'recurrence { freq: FREQUENCY_DAILY interval: 4 byhours: 7 }',
    reads: { recurrence: { ...noRule, frequency: 'DAILY', interval: 4, byhours: [7] } },
  },
  'recurrence.freq without a value, which removes the rule': {
    paths: ['recurrence.freq'],
    update: 'recurrence {}',
    reads: { recurrence: noRule },
  },
  'recurrence.interval without a value, which is 1': {
    paths: ['recurrence.interval'],
    update: 'recurrence {}',
    reads: { recurrence: { ...fullRule, interval: 1 } },
  },
  'recurrence.end_criteria without a value': {
    paths: ['recurrence.end_criteria'],
    update: 'recurrence {}',
    reads: { recurrence: { ...fullRule, end_criteria: null } },
  },
  'recurrence.end_criteria that says nothing': {
    paths: ['recurrence.end_criteria'],
    update: 'recurrence { end_criteria {} }',
    reads: { recurrence: { ...fullRule, end_criteria: null } },
  },
  'recurrence.end_criteria, an instant in place of a count': {
    paths: ['recurrence.end_criteria'],
    update: `recurrence { end_criteria { until_time { seconds: ${untilSeconds} } } }`,
    reads: { recurrence: { ...fullRule, end_criteria: { count: null, until } } },
  },
  ...Object.fromEntries(
    (['byminutes', 'byhours', 'byweekdays', 'bymonthdays', 'bymonths'] as const).map((list): [string, MaskCase] => [
      `recurrence.${list} without a value`,
      { paths: [`recurrence.${list}`], update: 'recurrence {}', reads: { recurrence: { ...fullRule, [list]: [] } } },
    ]),
  ),
  'a path twice': {
    paths: ['duration', 'duration', 'recurrence.byhours', 'recurrence.byhours'],
    update: 'duration: 60 recurrence { byhours: [8, 9] }',
    reads: { duration: 60, recurrence: { ...fullRule, byhours: [8, 9] } },
  },
  'every path at once': {
    paths: ['start_time', 'duration', 'target', 'is_active', 'payload', 'recurrence'],
    update: `start_time { seconds: ${untilSeconds} } duration: 1 target { component_ids { ids: 9 } } is_active: false
      payload { fields { key: "a" value { number_value: 1 } } } recurrence { freq: FREQUENCY_WEEKLY }`,
    reads: {
      start_time: until,
      duration: 1,
      target: { ids: [9] },
      active: false,
      payload: { a: 1 },
      recurrence: { ...noRule, frequency: 'WEEKLY', interval: 1 },
    },
  },
  'only what it names of what is set': {
    paths: ['is_active'],
    update: 'duration: 5 is_active: false payload {} recurrence { freq: FREQUENCY_HOURLY }',
    reads: { active: false },
  },
};

/** Masks that no update may have, and paths without the value that they need. */
const refused: { readonly [name: string]: readonly [paths: readonly string[], update: string, field: string] } = {
  ...Object.fromEntries(
    ['type', 'is_dry_run', 'metadata', 'isActive', 'Duration', '*', 'duration,target', 'dispatch_data.duration'].map(
      path => [`the path '${path}'`, [[path], 'duration: 5 is_active: true', 'update_mask'] as const],
    ),
  ),
  "the path ''": [[''], 'duration: 5', 'update_mask'],
  ...Object.fromEntries(
    ['frequency', 'end_criteria.count', 'byyears', '', 'recurrence.freq', '__proto__'].map(path => [
      `the path 'recurrence.${path}'`,
      [[`recurrence.${path}`], 'recurrence { freq: FREQUENCY_HOURLY }', 'update_mask'] as const,
    ]),
  ),
  'an unknown path among others': [['duration', 'type', 'is_active'], 'duration: 5 is_active: false', 'update_mask'],
  'start_time without a value': [['start_time'], '', 'update.start_time'],
  'start_time in the past': [['start_time'], 'start_time { seconds: 1000 }', 'update.start_time'],
  'target without a value': [['target'], '', 'update.target'],
  'target without components': [['target'], 'target { component_ids {} }', 'update.target'],
  'is_active without a value': [['is_active'], '', 'update.is_active'],
  'recurrence.interval 0': [['recurrence.interval'], 'recurrence { interval: 0 }', 'update.recurrence.interval'],
  'recurrence without a frequency': [['recurrence'], 'recurrence { byhours: 4 }', 'update.recurrence.freq'],
  'recurrence.freq of no frequency': [['recurrence.freq'], 'recurrence { freq: 7 }', 'update.recurrence.freq'],
  'recurrence.bymonthdays with a weekly rule': [
    ['recurrence.freq'],
    'recurrence { freq: FREQUENCY_WEEKLY }',
    'update.recurrence.bymonthdays',
  ],
  'a good path and a bad value': [['is_active', 'duration', 'payload'], 'duration: 5', 'update.is_active'],
};

/** Updates by the Python package's messages: each path of a mask, alone and with others, with and without a value. */
export function describeMasks(test: () => ClientTest): void {
  async function update(id: number, paths: readonly string[], fields?: string): Promise<void> {
    const mask = paths.map(path => `paths: ${JSON.stringify(path)}`).join(' ');
    const message = fields === undefined ? '' : `update { ${fields} }`;
    const request = `microgrid_id: 1 dispatch_id: ${id} update_mask { ${mask} } ${message}`;
    await test().python.call('UpdateMicrogridDispatch', request);
  }

  describe('updates with a mask of', () => {
    it.each(Object.entries(accepted))('%s', async (_, { paths, update: fields, reads }) => {
      const { python } = test();
      const old = await python.create({ ...beforeUpdate, recurrence: { ...fullRule, end_criteria: { count: 3 } } });
      await update(old.id, paths, fields);
      const { update_time, end_time, ...updated } = await python.get(old.id);
      const { update_time: _old, end_time: _end, ...rest } = old;
      expect(updated).toEqual({ ...rest, ...reads });
      expect(update_time > old.update_time).toBe(true);
    });

    it.each<[string, string, Partial<PythonRule>]>([
      ['recurrence.freq', 'freq: FREQUENCY_DAILY', {}],
      ['recurrence.byhours', 'freq: FREQUENCY_DAILY byhours: [6, 18]', { byhours: [6, 18] }],
    ])('%s where there is no rule, which makes one', async (path, fields, made) => {
      const { python } = test();
      const { id } = await python.create();
      await update(id, ['recurrence.freq', path], `recurrence { ${fields} }`);
      const { recurrence } = await python.get(id);
      expect(recurrence).toEqual({ ...noRule, frequency: 'DAILY', interval: 1, ...made });
    });

    it('nothing, which changes nothing', async () => {
      const { python } = test();
      const old = await python.create(beforeUpdate);
      await update(old.id, [], 'duration: 5 is_active: false');
      await update(old.id, []);
      await python.call('UpdateMicrogridDispatch', `microgrid_id: 1 dispatch_id: ${old.id} update { duration: 5 }`);
      expect(await python.get(old.id)).toEqual(old);
    });
  });

  describe('refuses a mask of', () => {
    it.each(Object.entries(refused))('%s', async (_, [paths, fields, field]) => {
      const { python } = test();
      const old = await python.create({ ...beforeUpdate, recurrence: { ...fullRule, end_criteria: { count: 3 } } });
      await expect(update(old.id, paths, fields)).rejects.toMatchObject(refusal('INVALID_ARGUMENT', field));
      expect(await python.get(old.id)).toEqual(old);
    });

    it('a part of a rule where there is none', async () => {
      const { python } = test();
      const old = await python.create();
      const refused = refusal('INVALID_ARGUMENT', 'update.recurrence.freq');
      await expect(update(old.id, ['recurrence.byhours'], 'recurrence { byhours: 6 }')).rejects.toMatchObject(refused);
      expect(await python.get(old.id)).toEqual(old);
    });

    it('anything, for a dispatch that is not there', async () => {
      await expect(update(999_999_999, ['duration'], 'duration: 5')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(update(999_999_999, [])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });
}
