import { setTimeout as pause } from 'node:timers/promises';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { Dispatch } from '../../src/dispatch.js';
import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { startDispatchService } from '../../src/service/index.js';
import { eventually } from '../support/eventually.js';
import { mirror } from '../support/mirror.js';
import { type ReplicatedPostgres, replicatedPostgres } from '../support/replicatedPostgres.js';
import { followOver, held, truth } from '../support/resumableService.js';
import { pick, randomNumbers } from './random.js';

/** What services go through whose primary fails. */
export interface FailoverPlan {
  readonly seed: number;
  /** Writes that are answered, of all clients together. */
  readonly writes: number;
  /** Streams of all microgrids together. */
  readonly streams: number;
  /** Whether the standby has all that was confirmed; otherwise it lacks what came last. */
  readonly synchronous: boolean;
}

/** What a run came to. */
export type FailoverReport = {
  /** Calls without an answer. */
  readonly unknown: number;
  /** Dispatches that are not as their last answered call left them. */
  readonly lost: number;
  /** Streams that had to be opened anew. */
  readonly reopened: number;
};

const MICROGRID_IDS = [1, 2, 3, 4];
const WRITERS = 4;
/** Of the writes before the failover those that never reach an asynchronous standby. */
const LAG = 0.2;

/** What may have become of a dispatch: the mark of its payload, or null when it is gone. */
type Fate = { readonly microgridId: number; readonly possible: Set<number | null> };

/**
 * Runs two services on a primary with a standby, with streams and four dispatchers on both, while clients write through both. After half
 * of the writes the primary is killed, and the standby promoted. In the end every stream and every dispatcher must have what the
 * database has; and if the replication is synchronous, the database what was confirmed, and no stream was ended.
 *
 * @throws Error with what is wrong.
 */
export async function failPrimary(plan: FailoverPlan): Promise<FailoverReport> {
  await using postgres = await replicatedPostgres(plan);
  const { database } = postgres;
  const services = [await startDispatchService({ database }), await startDispatchService({ database })];
  const addresses = services.map(({ address }) => address);
  const at = (index: number) => addresses[index % addresses.length] as string;
  const mirrors = Array.from({ length: plan.streams }, (_, index) =>
    mirror(at(Math.floor(index / MICROGRID_IDS.length)), MICROGRID_IDS[index % MICROGRID_IDS.length] as number),
  );
  const followers = await Promise.all(
    MICROGRID_IDS.map((microgridId, index) => followOver(at(index), { microgridId })),
  );
  try {
    await Promise.all(followers.map(({ dispatcher }) => dispatcher.ready()));
    await eventually(async () =>
      check(
        mirrors.every(({ opened }) => opened === 1),
        'streams did not open',
      ),
    );
    const { fates, unknown } = await write(plan, addresses, postgres);
    const there = new Map<number, Map<number, object>>();
    await eventually(async () => {
      for (const [index, microgridId] of MICROGRID_IDS.entries()) {
        const all = await truth(at(0), microgridId);
        there.set(microgridId, all);
        const { dispatcher } = followers[index] as (typeof followers)[0];
        checkSame(held(dispatcher), all, `the dispatcher of microgrid ${microgridId}`);
        for (const each of mirrors.filter(({ microgridId: id }) => id === microgridId))
          checkSame(dispatchesOf(each.held), all, `a stream of microgrid ${microgridId}`);
      }
    });
    const lost = fates.filter(
      ([id, { microgridId, possible }]) => !possible.has(markOf(there.get(microgridId)?.get(id))),
    ).length;
    const reopened = mirrors.reduce((sum, { opened }) => sum + opened - 1, 0);
    check(!plan.synchronous || lost + reopened === 0, `${lost} dispatches were lost, ${reopened} streams ended`);
    return { unknown, lost, reopened };
  } finally {
    for (const each of [...followers, ...mirrors]) await each[Symbol.asyncDispose]();
    for (const service of services) await service.stop({ now: true });
  }
}

/** Creates, updates and deletes dispatches, each writer its own, and makes the primary fail meanwhile. */
async function write({ seed, writes, synchronous }: FailoverPlan, addresses: string[], postgres: ReplicatedPostgres) {
  const random = randomNumbers(seed);
  const fates: [number, Fate][] = [];
  let answered = 0;
  let unknown = 0;
  let cut = synchronous;
  let failing: Promise<void> | null = null;
  const progress = () => {
    answered += 1;
    if (!cut && answered >= (writes / 2) * (1 - LAG)) {
      cut = true;
      postgres.cutReplication();
    }
    if (answered >= writes / 2) failing ??= postgres.failOver();
  };

  async function keepWriting(writer: number): Promise<void> {
    await using first = new DispatchClient({ address: addresses[0] as string, retry: false });
    await using second = new DispatchClient({ address: addresses[1] as string, retry: false });
    const own: [number, Fate][] = [];
    for (let turn = writer; answered < writes; turn += 1) {
      const client = [first, second][turn % 2] as DispatchClient;
      const mark = answered + writer / WRITERS;
      const what = random();
      const chosen = own.length === 0 || what < 0.5 ? undefined : pick(own, random);
      try {
        if (chosen === undefined) {
          const microgridId = pick(MICROGRID_IDS, random);
          const startTime = new Date(Date.now() + 3_600_000);
          const payload = { mark };
          const { id } = await client.create({ microgridId, type: 'TEST', startTime, selector: { ids: [1] }, payload });
          own.push([id, { microgridId, possible: new Set([mark]) }]);
        } else await change(client, chosen, what < 0.85 ? mark : null);
        if (chosen !== undefined && what >= 0.85) own.splice(own.indexOf(chosen), 1);
        progress();
      } catch (error) {
        const { code } = error as DispatchError;
        // What an asynchronous standby lacks cannot be changed any more.
        if (code === 'NOT_FOUND' && chosen !== undefined) own.splice(own.indexOf(chosen), 1);
        else if (code !== 'UNAVAILABLE') throw error;
        unknown += 1;
        await pause(20);
      }
      if (chosen !== undefined && !own.includes(chosen)) fates.push(chosen);
    }
    fates.push(...own);
  }

  async function change(client: DispatchClient, [id, { microgridId, possible }]: [number, Fate], mark: number | null) {
    // Without an answer it may be either.
    possible.add(mark);
    if (mark === null) await client.delete({ microgridId, id });
    else await client.update({ microgridId, id, changes: { payload: { mark } } });
    possible.clear();
    possible.add(mark);
  }

  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => keepWriting(writer)));
  await failing;
  return { fates, unknown };
}

function dispatchesOf(records: ReadonlyMap<number, DispatchRecord>): Map<number, object> {
  return new Map([...records].map(([id, record]) => [id, new Dispatch(record).toJSON()]));
}

function markOf(dispatch: object | undefined): number | null {
  return (dispatch as { payload: { mark: number } } | undefined)?.payload.mark ?? null;
}

function checkSame(has: ReadonlyMap<number, object>, all: ReadonlyMap<number, object>, who: string): void {
  const differing = [...new Set([...has.keys(), ...all.keys()])].filter(
    id => JSON.stringify(has.get(id)) !== JSON.stringify(all.get(id)),
  );
  check(differing.length === 0, `${who} differs in ${differing.join()}`);
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
