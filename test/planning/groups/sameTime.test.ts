import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { changeGroup, type GroupChange } from '../../../src/planning/groups/changeGroup.js';
import { dispatchAsGroup } from '../../../src/planning/groups/dispatchAsGroup.js';
import { groupOf } from '../../../src/planning/groups/group.js';
import { type LiveGroup, readGroups } from '../../../src/planning/groups/liveGroup.js';
import { newGroup } from '../../../src/planning/groups/newGroup.js';
import type { Common } from '../../../src/planning/groups/planChanges.js';
import { planGoal } from '../../../src/planning/groups/planGoal.js';
import { findTargets } from '../../../src/planning/groups/targets.js';
import { writeGroup } from '../../../src/planning/groups/writeGroup.js';
import type { PlanningClient } from '../../../src/planning/planningClient.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';
import { interleaved } from '../../support/interleaved.js';
import { type PlanningService, planningService } from '../../support/planningService.js';

const at = (text: string) => Date.parse(text);
const nowMs = at('2030-11-01T00:00Z');
const common: Common = { type: 'CHARGE', selector: { ids: [1] }, active: true, dryRun: false, payload: { kw: 5 } };
/** Three stretches. */
const group = newGroup(
  {
    zone: 'Europe/Berlin',
    startTimeMs: at('2031-02-01T00:00Z'),
    rule: { frequency: 'DAILY', interval: 1, byHours: [8], byMinutes: [0], untilMs: at('2031-12-01T00:00Z') },
    durationMs: 3_600_000,
    toMinute: null,
  },
  'g00000001',
);

type Command = (client: PlanningClient) => Promise<void>;

/** What the commands are at: the group, or, where there is none, dispatch 1. */
async function liveOf(client: PlanningClient): Promise<LiveGroup | null> {
  const isSingle = (await client.get(1).catch(() => null))?.payload.single === true;
  const found = await findTargets(client, [isSingle ? 1 : group.id], { say: () => {}, patienceMs: 0 });
  return found.groupOf(found.ids[0] ?? 1);
}

const change = (of: (live: LiveGroup) => GroupChange): Command => {
  return async client => {
    const live = (await liveOf(client)) ?? dispatchAsGroup((await client.get(1)).record);
    await changeGroup(client, live, of(live), { nowMs });
  };
};

const skip = (text: string) =>
  change(live => ({ group: { exceptions: [...new Set([...live.group.exceptions, at(text)])].sort((a, b) => a - b) } }));

const remove: Command = async client => {
  const live = await liveOf(client);
  if (live === null) await client.delete(1);
  else await writeGroup(client, live, { ...live, step: 'delete' }, { nowMs });
};

const COMMANDS: Record<string, Command> = {
  'skip in winter': skip('2031-03-10T07:00Z'),
  'skip in summer': skip('2031-04-10T06:00Z'),
  pause: change(() => ({ common: { active: false } })),
  payload: change(() => ({ common: { payload: { kw: 7 } } })),
  'another time': change(() => ({ group: { rule: { ...group.rule, byHours: [0] } } })),
  'an earlier end': change(() => ({ group: { untilMs: at('2031-05-01T00:00Z') } })),
  'a later end': change(() => ({ group: { untilMs: at('2032-05-01T00:00Z') } })),
  'a later start': change(() => ({ group: { startTimeMs: at('2031-02-15T00:00Z') } })),
  delete: remove,
};
const NAMES = Object.keys(COMMANDS);

async function newService(): Promise<PlanningService> {
  const service = planningService();
  await writeGroup(service.client(), null, { group, common, step: 'create' }, { nowMs });
  return service;
}

const created = [...(await newService()).records.values()];

function contents({ records }: PlanningService): string[] {
  const text = ({ startTimeMs, durationMs, recurrence, active, payload }: DispatchRecord) => {
    const part = groupOf(payload);
    const { _group: _, ...others } = payload;
    return JSON.stringify([
      startTimeMs,
      durationMs,
      recurrence,
      active,
      others,
      part?.group ?? null,
      part?.step ?? null,
    ]);
  };
  return [...records.values()].map(text).sort();
}

/** What commands lead to one after the other; null: one of them fails then. */
async function inTurn(names: readonly string[], existing: readonly DispatchRecord[]): Promise<string[] | null> {
  const service = planningService(existing);
  try {
    for (const name of names) {
      // To delete what another command deletes is done.
      if (service.records.size > 0 || name !== 'delete') await COMMANDS[name]?.(service.client());
    }
  } catch {
    return null;
  }
  return contents(service);
}

async function expectSafe(
  names: readonly [string, string],
  order: readonly number[],
  existing: readonly DispatchRecord[] = created,
) {
  const service = planningService(existing);
  const commands = names.map(name => COMMANDS[name] ?? remove);
  const outcomes = await interleaved(
    commands.map(command => turn => command(service.client(turn))),
    order,
  );
  const tellsWhy = (error: unknown) => expect(String(error)).toMatch(/at the same time|does not exist/);
  for (const error of outcomes) if (error !== null) tellsWhy(error);
  // A command that gave way may have been finished by the other one.
  const [first, second] = names;
  const isDone = (turns: readonly string[]) =>
    names.every((name, index) => outcomes[index] !== null || turns.includes(name));
  const expected = [[], [first], [second], [first, second], [second, first]].filter(isDone);
  expect(await Promise.all(expected.map(turns => inTurn(turns, existing)))).toContainEqual(contents(service));
  for (const live of await readGroups(service.client(), nowMs)) {
    expect(live.step).toBeNull();
    expect(planGoal({ ...live, step: 'update' }, live, nowMs)).toEqual([]);
  }
}

/** A daily dispatch, of which the first skipped run makes a group. */
const single = dispatchRecord({
  ...common,
  id: 1,
  startTimeMs: at('2031-02-01T07:00Z'),
  durationMs: 3_600_000,
  recurrence: { frequency: 'DAILY', interval: 1, byHours: [7], byMinutes: [0], untilMs: at('2031-12-01T00:00Z') },
  payload: { kw: 5, single: true },
  updateTime: '1970-01-01T00:00:00.000000000Z',
});
const SKIPS = { 'skip in March': skip('2031-03-10T07:00Z'), 'skip in April': skip('2031-04-10T07:00Z') };
Object.assign(COMMANDS, SKIPS);

const RUNS = process.env.TEST_LONG === undefined ? 40 : 2_000;
const order = fc.array(fc.nat(20), { maxLength: 8 });

describe('two commands on a group at the same time', () => {
  it('each do what they say, or tell that they met another, in any order of their calls', {
    timeout: 600_000,
  }, async () => {
    const pair = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES));
    const property = fc.asyncProperty(pair, order, (names, counts) => expectSafe(names, counts));
    await fc.assert(property, { numRuns: RUNS });
  });

  it('that make a dispatch a group do so too', { timeout: 600_000 }, async () => {
    const name = fc.constantFrom(...Object.keys(SKIPS));
    const property = fc.asyncProperty(fc.tuple(name, name), order, (names, counts) =>
      expectSafe(names, counts, [single]),
    );
    await fc.assert(property, { numRuns: RUNS });
  });

  it('do not lose the change of the one that was done when the other began to write', async () => {
    // The second one has read the group before the first one changes it.
    await expectSafe(['skip in summer', 'skip in winter'], [0, 2, 100]);
    await expectSafe(['pause', 'another time'], [0, 3, 100]);
  });

  it.each([
    ['the write of one that gave way says what the group is', ['an earlier end', 'a later start'], [0, 7], created],
    ['the other one is done between two lists', ['skip in April', 'skip in March'], [0, 8, 15, 6], [single]],
    ['both repair it', ['skip in winter', 'delete'], [15, 18, 2, 0, 4, 6], created],
    ['one that gave way deletes a dispatch', ['skip in winter', 'delete'], [3, 7, 2, 3], created],
  ] as const)('do not lose a change when %s', async (_, names, turns, existing) => {
    await expectSafe([...names], turns, existing);
  });
});

describe('a command that is killed', () => {
  const alone = async (name: string, existing: readonly DispatchRecord[], calls: number) => {
    const service = planningService(existing);
    let made = 0;
    // What is killed never goes on.
    const turn = () => (made++ < calls ? Promise.resolve() : new Promise<void>(() => {}));
    const isDone = (COMMANDS[name] ?? create)(service.client(turn)).then(() => true);
    const isKilled = new Promise<false>(resolve => setImmediate(resolve, false));
    return { service, isDone: await Promise.race([isDone, isKilled]) };
  };
  const create: Command = async client => {
    await writeGroup(client, null, { group, common, step: 'create' }, { nowMs });
  };

  it.each([
    ...NAMES.map(name => [name, created] as const),
    ['skip in March', [single]] as const,
    ['creation', []] as const,
  ])('after any of its calls: the next one finishes or undoes %s', async (name, existing) => {
    const whole = await alone(name, existing, Number.POSITIVE_INFINITY);
    const [before, after] = [contents(planningService(existing)), contents(whole.service)];
    expect(whole.isDone).toBe(true);
    let calls = 0;
    for (let isDone = false; !isDone; calls += 1) {
      const cut = await alone(name, existing, calls);
      await findTargets(cut.service.client(), [existing === created ? group.id : 1, group.id], {
        say: () => {},
        patienceMs: 0,
      });
      expect([before, after]).toContainEqual(contents(cut.service));
      isDone = cut.isDone;
      expect(calls).toBeLessThan(100);
    }
    expect(calls).toBeGreaterThan(3);
  });
});
