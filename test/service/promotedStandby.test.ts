import { expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { Dispatch } from '../../src/dispatch.js';
import { startDispatchService } from '../../src/service/index.js';
import { describeWithPostgres } from '../support/describeWithPostgres.js';
import { eventually } from '../support/eventually.js';
import { type Mirror, mirror } from '../support/mirror.js';
import { replicatedPostgres } from '../support/replicatedPostgres.js';
import { followOver, held, truth } from '../support/resumableService.js';

/**
 * Nothing of the first one is lost. Of the next ones less than what was lost is written again, as much, and more. The last one was made
 * by what was lost.
 */
const [INTACT, BEHIND, EVEN, AHEAD, NEW] = [1, 2, 3, 4, 5] as const;
const LOSING = [BEHIND, EVEN, AHEAD, NEW] as const;
const OLD = [INTACT, BEHIND, EVEN, AHEAD] as const;
const MICROGRID_IDS = [...OLD, NEW] as const;
/** PostgreSQL logs 32 ids of a sequence ahead: only what is lost beyond them is given again. */
const LOST_CREATIONS = 60;

const dispatch = { type: 'CHARGE', durationMs: 600_000, selector: { ids: [1] } };
const inAnHour = () => new Date(Date.now() + 3_600_000);

describeWithPostgres('services whose database is now a standby that lagged', () => {
  it('lead streams and dispatchers to what it has, ids that it gives again included', async () => {
    await using postgres = await replicatedPostgres();
    const { database } = postgres;
    const services = [await startDispatchService({ database }), await startDispatchService({ database })];
    const [one, other] = services.map(({ address }) => address) as [string, string];
    await using client = new DispatchClient({ address: one });
    const create = async (microgridId: number) =>
      (await client.create({ ...dispatch, microgridId, startTime: inAnHour() })).id;
    const createMany = (microgridId: number, count: number) =>
      Promise.all(Array.from({ length: count }, () => create(microgridId)));

    const kept = new Map<number, number[]>();
    for (const microgridId of OLD) {
      const running = await client.create({ ...dispatch, microgridId, startTime: 'NOW' });
      kept.set(microgridId, [running.id, ...(await createMany(microgridId, 4))]);
    }
    const mirrors = Array.from({ length: 20 }, (_, index) =>
      mirror(index % 2 === 0 ? one : other, MICROGRID_IDS[index % 5] as number),
    );
    const followers = await Promise.all(
      MICROGRID_IDS.map((microgridId, index) => followOver(index % 2 === 0 ? one : other, { microgridId })),
    );
    try {
      await Promise.all(followers.map(({ dispatcher }) => dispatcher.ready()));
      const converged = async () => {
        for (const microgridId of MICROGRID_IDS) {
          const there = await truth(one, microgridId);
          for (const each of mirrors.filter(mirrored => mirrored.microgridId === microgridId))
            expect(new Map([...each.held].map(([id, record]) => [id, new Dispatch(record).toJSON()]))).toEqual(there);
          const { dispatcher } = followers[MICROGRID_IDS.indexOf(microgridId)] as (typeof followers)[0];
          expect(held(dispatcher)).toEqual(there);
        }
      };
      await eventually(converged);
      await postgres.caughtUp();
      postgres.cutReplication();

      const lost = new Map<number, number[]>();
      for (const microgridId of LOSING) {
        lost.set(microgridId, await createMany(microgridId, LOST_CREATIONS));
        const [running, updated, deleted] = kept.get(microgridId) ?? [];
        if (running === undefined || updated === undefined || deleted === undefined) continue;
        await client.update({ microgridId, id: running, changes: { active: false } });
        await client.update({ microgridId, id: updated, changes: { payload: { kw: 5 } } });
        await client.delete({ microgridId, id: deleted });
      }
      await eventually(converged);
      for (const { said } of followers) said();

      await postgres.failOver();
      await eventually(() => create(INTACT));
      const given = new Map<number, number[]>([
        [BEHIND, await createMany(BEHIND, 1)],
        [EVEN, await createMany(EVEN, LOST_CREATIONS + 3)],
        [AHEAD, await createMany(AHEAD, 2 * LOST_CREATIONS)],
        [NEW, await createMany(NEW, 2)],
      ]);
      await eventually(converged);

      // So that the test is one of what it says.
      const again = [...lost.values()].flat().filter(id => [...given.values()].flat().includes(id));
      expect(again.length).toBeGreaterThan(0);
      for (const microgridId of LOSING) {
        const { said } = followers[MICROGRID_IDS.indexOf(microgridId)] as (typeof followers)[0];
        const told = said();
        for (const id of lost.get(microgridId) ?? [])
          expect(told.filter(line => line.startsWith(`${id} `))).toEqual(
            given.get(microgridId)?.includes(id) ? [`${id} deleted`, `${id} created`] : [`${id} deleted`],
          );
      }
      // A log that has all that was sent is no reason to end a stream.
      for (const { microgridId, opened } of mirrors)
        expect(opened)[microgridId === INTACT ? 'toBe' : 'toBeGreaterThan'](1);
    } finally {
      await Promise.all(followers.map(each => each[Symbol.asyncDispose]()));
      await Promise.all(mirrors.map((each: Mirror) => each[Symbol.asyncDispose]()));
      await Promise.all(services.map(service => service.stop({ now: true })));
    }
  });
});
