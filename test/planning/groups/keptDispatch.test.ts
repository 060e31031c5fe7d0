import { describe, expect, it } from 'vitest';

import { Dispatch } from '../../../src/dispatch.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { runAt } from '../../../src/model/schedule.js';
import { changeGroup, type GroupChange } from '../../../src/planning/groups/changeGroup.js';
import { dispatchAsGroup } from '../../../src/planning/groups/dispatchAsGroup.js';
import type { Group } from '../../../src/planning/groups/group.js';
import type { LiveGroup } from '../../../src/planning/groups/liveGroup.js';
import { matchParts } from '../../../src/planning/groups/matchParts.js';
import { newGroup } from '../../../src/planning/groups/newGroup.js';
import { findTargets } from '../../../src/planning/groups/targets.js';
import { writeGroup } from '../../../src/planning/groups/writeGroup.js';
import type { PlanningClient } from '../../../src/planning/planningClient.js';
import { daily, dispatchRecord, hourMs } from '../../support/dispatchRecord.js';
import { type PlanningService, planningService } from '../../support/planningService.js';

const at = (text: string) => Date.parse(text);
/** Every day at 08:00 from 1 January 2031 on, for an hour. */
const single = dispatchRecord({
  id: 5,
  startTimeMs: at('2031-01-01T08:00Z'),
  durationMs: hourMs,
  recurrence: daily(),
  payload: { kw: 5 },
});
const day = (number: number) => at(`2031-01-${String(number).padStart(2, '0')}T08:00Z`);

async function liveOf(client: PlanningClient, id: number): Promise<LiveGroup> {
  const found = await findTargets(client, [id], { say: () => {}, patienceMs: 0 });
  return found.groupOf(found.ids[0] ?? id) ?? dispatchAsGroup((await client.get(id)).record);
}

/** Skips exactly some days of a dispatch, or of its group. */
async function skip(service: PlanningService, id: number, days: readonly number[], nowMs: number) {
  return change(service, id, { group: { exceptions: days.map(day) } }, nowMs);
}

async function change({ client }: PlanningService, id: number, changes: GroupChange, nowMs: number) {
  return changeGroup(client(), await liveOf(client(), id), changes, { nowMs });
}

const startOf = ({ startTimeMs }: DispatchRecord) => new Date(startTimeMs).toISOString().slice(0, 10);
const shown = ({ records }: PlanningService) =>
  [...records.values()].map(record => `${record.id} from ${startOf(record)}`);

describe('a dispatch that was split', () => {
  it('keeps its id when the runs of its first part are skipped', async () => {
    const service = planningService([single]);
    await skip(service, 5, [3], at('2030-12-01T00:00Z'));
    expect(shown(service)).toEqual(['5 from 2031-01-01', '6 from 2031-01-04']);
    await skip(service, 5, [2, 3], at('2031-01-01T12:00Z'));
    expect(shown(service)).toEqual(['5 from 2031-01-04']);
  });

  it('keeps its id when the first of three parts goes', async () => {
    const service = planningService([single]);
    await skip(service, 5, [3, 6], at('2030-12-01T00:00Z'));
    expect(shown(service)).toEqual(['5 from 2031-01-01', '6 from 2031-01-07', '7 from 2031-01-04']);
    await skip(service, 5, [2, 3, 6], at('2031-01-01T12:00Z'));
    expect(shown(service)).toEqual(['5 from 2031-01-04', '6 from 2031-01-07']);
  });

  it('keeps its id when no run is skipped any more', async () => {
    const service = planningService([single]);
    await skip(service, 5, [3], at('2030-12-01T00:00Z'));
    const plain = await skip(service, 5, [], at('2031-01-01T12:00Z'));
    expect(plain).toBeInstanceOf(Dispatch);
    expect(
      [...service.records.values()].map(({ id, payload, startTimeMs, recurrence }) => ({
        id,
        payload,
        startTimeMs,
        recurrence,
      })),
    ).toEqual([{ id: 5, payload: { kw: 5 }, startTimeMs: single.startTimeMs, recurrence: single.recurrence }]);
  });

  it('goes on in the part that is on, with its start, when the other one goes', async () => {
    // The runs of 2 and 4 January are on.
    const service = planningService([{ ...single, durationMs: 60 * hourMs }]);
    const nowMs = at('2031-01-04T12:00Z');
    await skip(service, 5, [3], at('2030-12-01T00:00Z'));
    const isRunning = (id: number) => runAt(service.records.get(id) as DispatchRecord, nowMs) !== null;
    expect([5, 6].map(isRunning)).toEqual([true, true]);
    // Of both that are on, the one that people know goes on; its run is another one then.
    await skip(service, 5, [], nowMs);
    expect(shown(service)).toEqual(['5 from 2031-01-01']);
    expect(isRunning(5)).toBe(true);
  });
});

describe('a part that is on', () => {
  it('goes on in the dispatch that runs it, not in one that has its start', () => {
    const nowMs = at('2031-01-05T12:30Z');
    const rule = daily({ byHours: [8, 12], byMinutes: [0] });
    const part = { startTimeMs: at('2031-01-01T08:00Z'), durationMs: 2 * hourMs, rule };
    const idle = { ...single, recurrence: daily({ byHours: [8] }) };
    const running = { ...single, id: 6, startTimeMs: at('2031-01-02T12:00Z'), durationMs: 3 * hourMs };
    const matched = matchParts([part], [idle, running], { nowMs, isKnownById: true });
    expect(matched).toEqual([{ whole: part, part: { ...part, startTimeMs: running.startTimeMs }, record: running }]);
  });
});

/** A rule in local time of three dispatches: the last one has the lowest id. */
const zoned: Group = newGroup(
  {
    zone: 'Europe/Berlin',
    startTimeMs: at('2031-01-01T00:00Z'),
    rule: { ...daily(), byHours: [8], byMinutes: [0], untilMs: at('2031-12-01T00:00Z') },
    durationMs: hourMs,
    toMinute: null,
  },
  'g00000001',
);

describe('a group that becomes one dispatch again', () => {
  const common = { type: 'CHARGE', selector: { ids: [1] }, active: true, dryRun: false, payload: { kw: 5 } };
  const zonedService = async () => {
    const service = planningService();
    const goal = { group: zoned, common, step: 'create' } as const;
    await writeGroup(service.client(), null, goal, { nowMs: at('2030-11-01T00:00Z') });
    return service;
  };
  /** What the console makes of it when its clock is to be UTC. */
  const inUtc: GroupChange = {
    group: { zone: null, untilMs: null, rule: { ...daily(), byHours: [7], byMinutes: [0] } },
  };

  it.each([
    ['before it begins', '2030-12-01T00:00Z'],
    ['in a run of the first dispatch', '2031-02-01T07:30Z'],
    ['in a run of the second one', '2031-06-01T06:30Z'],
    ['between runs', '2031-06-01T12:00Z'],
    ['in the last stretch', '2031-11-20T12:00Z'],
  ])('leaves one dispatch that has runs to come, %s', async (_, now) => {
    const service = await zonedService();
    const nowMs = at(now);
    const running = [...service.records.values()].filter(record => runAt(record, nowMs) !== null);
    const plain = await change(service, 1, inUtc, nowMs);
    expect(plain).toBeInstanceOf(Dispatch);
    const left = [...service.records.values()].filter(record => (record.endTimeMs ?? nowMs + 1) > nowMs);
    expect(left).toMatchObject([{ id: (plain as Dispatch).id, payload: { kw: 5 } }]);
    for (const { id, startTimeMs } of running) expect(left).toMatchObject([{ id, startTimeMs }]);
    for (const { payload } of service.records.values()) expect(payload).toEqual({ kw: 5 });
  });

  it.each(Array.from({ length: 8 }, (_, number) => number))(
    'is finished by the next command when it was killed after %d writes',
    async writes => {
      const service = await zonedService();
      const nowMs = at('2031-02-01T07:30Z');
      let left = writes;
      const killed = service.client(call => {
        if (!['get', 'list'].includes(call)) left -= 1;
        return left < 0 ? Promise.reject(new Error('killed')) : Promise.resolve();
      });
      await changeGroup(killed, await liveOf(service.client(), 1), inUtc, { nowMs }).catch(() => {});
      const ids = [...service.records.keys()];
      const found = await findTargets(service.client(), ids, { say: () => {}, patienceMs: 0 });
      const [first = 0] = found.ids.filter(id => typeof id === 'string' || service.records.has(id));
      const live = found.groupOf(first);
      if (live !== null) await changeGroup(service.client(), live, inUtc, { nowMs });
      expect([...service.records.values()].map(({ payload }) => payload)).toEqual([{ kw: 5 }]);
    },
  );

  it('is found by the id that is left when the step was finished before', async () => {
    const service = planningService([single]);
    await skip(service, 5, [3], at('2030-12-01T00:00Z'));
    let left = 2;
    const killed = service.client(call => {
      if (!['get', 'list'].includes(call)) left -= 1;
      return left < 0 ? Promise.reject(new Error('killed')) : Promise.resolve();
    });
    const live = await liveOf(service.client(), 5);
    await changeGroup(killed, live, { group: { exceptions: [] } }, { nowMs: at('2030-12-02T00:00Z') }).catch(() => {});
    const { ids } = await findTargets(service.client(), [5], { say: () => {}, patienceMs: 0 });
    expect(ids).toEqual([5]);
    expect([...service.records.values()]).toMatchObject([{ id: 5, payload: { kw: 5 } }]);
  });

  it('leaves one dispatch also where it is a new one', async () => {
    const service = planningService([{ ...single, recurrence: daily({ count: 4 }) }]);
    await skip(service, 5, [3], at('2030-12-01T00:00Z'));
    const nowMs = at('2031-02-01T00:00Z');
    // All its runs are over.
    const again = await change(service, 5, { group: { rule: daily(), exceptions: [] } }, nowMs);
    const left = [...service.records.values()].filter(record => (record.endTimeMs ?? nowMs + 1) > nowMs);
    expect(left).toMatchObject([{ id: (again as Dispatch).id, payload: { kw: 5 } }]);
  });
});
