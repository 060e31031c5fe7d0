import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MicrogridClient } from '../../../src/client/microgridClient.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { changeGroup } from '../../../src/planning/groups/changeGroup.js';
import { groupOf } from '../../../src/planning/groups/group.js';
import { type LiveGroup, readGroup } from '../../../src/planning/groups/liveGroup.js';
import { newGroup } from '../../../src/planning/groups/newGroup.js';
import type { Common } from '../../../src/planning/groups/planChanges.js';
import { findTargets } from '../../../src/planning/groups/targets.js';
import { writeGroup } from '../../../src/planning/groups/writeGroup.js';
import type { PlanningClient } from '../../../src/planning/planningClient.js';
import { startTestService, type TestService } from '../../../src/testing/startTestService.js';

/** Three stretches: winter, summer, winter. */
const group = newGroup(
  {
    zone: 'Europe/Berlin',
    startTimeMs: Date.parse('2030-12-01T00:00Z'),
    rule: { frequency: 'DAILY', interval: 1, byHours: [8], byMinutes: [0], untilMs: Date.parse('2031-11-30T00:00Z') },
    durationMs: 3_600_000,
    toMinute: null,
  },
  'g00000001',
);
const common: Common = { type: 'CHARGE', selector: { ids: [1] }, active: true, dryRun: false, payload: { kw: 5 } };

let service: TestService;
let client: MicrogridClient;
let microgridId = 0;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());
beforeEach(newMicrogrid);

function newMicrogrid(): void {
  microgridId += 1;
  client = service.client.forMicrogrid(microgridId);
}

/** A client whose writes fail: the one with a number, counted from 0, or all from it on, as when the command is killed; with
 * `isLost`, after it took effect. */
function failing(
  number: number,
  { forGood, isLost = false }: { readonly forGood: boolean; readonly isLost?: boolean },
) {
  let writes = 0;
  const write =
    (call: (...args: never[]) => unknown) =>
    (...args: never[]) => {
      const index = writes++;
      if (index !== number && !(forGood && index > number)) return call.apply(client, args);
      const lost = isLost ? call.apply(client, args) : Promise.resolve();
      return Promise.resolve(lost).then(() => {
        throw new DispatchError('UNAVAILABLE', 'as the test says');
      });
    };
  return new Proxy(client, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return ['create', 'update', 'delete'].includes(String(name)) ? write(member) : member.bind(target);
    },
  });
}

/** What all dispatches of the microgrid run and mean, without ids and without what their payloads tell of the group. */
async function contents(): Promise<string[]> {
  const all: DispatchRecord[] = [];
  for await (const { record } of client.list()) all.push(record);
  return all
    .map(({ startTimeMs, durationMs, recurrence, active, payload }) => {
      const part = groupOf(payload);
      return JSON.stringify([
        startTimeMs,
        durationMs,
        recurrence,
        active,
        payload.kw,
        part?.group ?? null,
        part?.step ?? null,
      ]);
    })
    .sort();
}

const now = () => ({ nowMs: Date.now() });
const create = (client: PlanningClient) => writeGroup(client, null, { group, common, step: 'create' }, now());
const read = () => readGroup(client, group.id, Date.now());

async function created(): Promise<LiveGroup> {
  await create(client);
  const live = await read();
  if (live === null) throw new Error('no group');
  return live;
}

const SKIPPED = Date.parse('2030-12-25T07:00Z');
const NIGHT = { ...group.rule, byHours: [0] };

const STEPS: [string, (client: PlanningClient, live: LiveGroup) => Promise<unknown>][] = [
  ['a skipped run', (failed, live) => changeGroup(failed, live, { group: { exceptions: [SKIPPED] } }, now())],
  ['another time', (failed, live) => changeGroup(failed, live, { group: { rule: NIGHT } }, now())],
  [
    'an earlier end',
    (failed, live) => changeGroup(failed, live, { group: { untilMs: Date.parse('2031-02-01T00:00Z') } }, now()),
  ],
  [
    'another start',
    (failed, live) => changeGroup(failed, live, { group: { startTimeMs: Date.parse('2031-06-01T00:00Z') } }, now()),
  ],
  [
    'a pause and another payload',
    (failed, live) => changeGroup(failed, live, { common: { active: false, payload: { kw: 7 } } }, now()),
  ],
  ['a deletion', (failed, live) => writeGroup(failed, live, { ...live, step: 'delete' }, now())],
];

describe('a group', () => {
  it('is created from the last dispatch to the first', async () => {
    const { records } = await created();
    const ids = records.map(({ id }) => id);
    expect(ids).toHaveLength(3);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect(records.map(({ payload }) => groupOf(payload)?.part)).toEqual(['1/3', '2/3', '3/3']);
    expect(records.map(({ payload }) => groupOf(payload)?.step)).toEqual([null, null, null]);
  });

  it('is not created in part when a write fails', async () => {
    for (const number of [0, 1, 2]) {
      const failed = failing(number, { forGood: false });
      const creation = create(failed);
      await expect(creation).rejects.toThrow(number === 0 ? 'as the test says' : 'What was done of it is undone.');
      expect(await contents()).toEqual([]);
    }
  });

  it('is not created in part when the answer to a write is lost', async () => {
    for (const number of [0, 1, 2]) {
      const failed = failing(number, { forGood: false, isLost: true });
      const creation = create(failed);
      await expect(creation).rejects.toThrow('as the test says');
      expect(await contents()).toEqual([]);
    }
  });

  it('names what it could not delete, and is deleted by the next command', async () => {
    const failed = failing(2, { forGood: true });
    const creation = create(failed);
    await expect(creation).rejects.toThrow(
      /Created and not deleted again: \d+, \d+\. The next command on group g00000001 repairs it\./,
    );
    expect(await contents()).toHaveLength(2);
    const said: string[] = [];
    const targets = await findTargets(client, [group.id], { say: notes => said.push(...notes), patienceMs: 0 });
    expect(said.join()).toMatch(
      /The creation of group g00000001 was broken off; its dispatches \d+, \d+ are deleted now\./,
    );
    expect(() => targets.groupOf(group.id)).toThrow('group g00000001 does not exist');
    expect(await contents()).toEqual([]);
  });

  it('that was created whole, but for the mark of its step, is kept', async () => {
    const failed = failing(3, { forGood: true });
    await expect(create(failed)).rejects.toThrow();
    const targets = await findTargets(client, [group.id], { say: () => {}, patienceMs: 0 });
    expect(targets.groupOf(group.id)?.records).toHaveLength(3);
    expect((await contents()).every(text => text.endsWith(',null]'))).toBe(true);
  });
});

describe.each(STEPS)('%s of a group', (_, step) => {
  it('is undone when a write fails, or is finished by the next command', async () => {
    const live = await created();
    const before = await contents();
    let [isDone, undone] = [false, 0];
    for (let number = 0; !isDone; number += 1) {
      const failed = failing(number, { forGood: false });
      try {
        await step(failed, (await read()) ?? live);
        isDone = true;
      } catch (error) {
        expect(error).toBeInstanceOf(DispatchError);
        const hint = (error as Error).message;
        if (number > 0 && !hint.includes('What was done of it is undone.')) break;
        expect(await contents()).toEqual(before);
        undone += 1;
      }
      expect(number).toBeLessThan(20);
    }
    expect(undone).toBeGreaterThan(1);
    await finishAll();
    await expectSame(step, live);
  });

  it('is finished or undone by the next command when the command was killed', async () => {
    const live = await created();
    const before = await contents();
    const after = await contentsAfter(step, live);
    for (let number = 0; number < 20; number += 1) {
      newMicrogrid();
      const again = await created();
      try {
        await step(failing(number, { forGood: true }), again);
        expect(await contents()).toEqual(after);
        expect(number).toBeGreaterThan(1);
        return;
      } catch (error) {
        if (!(error instanceof DispatchError)) throw error;
      }
      await finishAll();
      expect([before, after]).toContainEqual(await contents());
    }
    expect.fail('it never succeeded');
  });
});

async function finishAll(): Promise<void> {
  await findTargets(client, [group.id], { say: () => {}, patienceMs: 0 });
}

async function contentsAfter(step: (client: PlanningClient, live: LiveGroup) => Promise<unknown>, live: LiveGroup) {
  await step(client, live);
  return contents();
}

/** Whatever happened, another attempt leads to what the first one would have led to. */
async function expectSame(
  step: (client: PlanningClient, live: LiveGroup) => Promise<unknown>,
  live: LiveGroup,
): Promise<void> {
  const present = await read();
  if (present !== null) await step(client, present);
  const reached = await contents();
  newMicrogrid();
  await created();
  expect(reached).toEqual(await contentsAfter(step, (await read()) ?? live));
}
