import { setTimeout as pause } from 'node:timers/promises';
import { Status } from 'nice-grpc-common';
import { deferred } from '../support/deferred.js';
import { dispatchData, type RawClient, rawClient } from '../support/rawService.js';
import { type RunningCli, startCli } from '../support/startCli.js';
import type { StorePlace } from '../support/stores.js';
import { checkLogs } from './checkLogs.js';
import { type Attempt, type Ledger, MICROGRID_IDS, newLedger } from './ledger.js';
import { integer, pick, randomNumbers } from './random.js';

/** A service is killed after so many answers at most, and then at any moment within so many milliseconds. */
const MAX_ANSWERS = 100;
const MAX_PAUSE_MS = 10;

/** How often to kill a service, and amid what. */
export interface KillPlan {
  readonly kills: number;
  /** Decides when the service is killed and what is written. */
  readonly seed: number;
  /** Clients that write at the same time. */
  readonly writers: number;
}

/** What a run came to. */
export interface KillReport {
  readonly acknowledged: number;
  /** Calls without an answer. */
  readonly unknown: number;
  /** Entries of the change logs. */
  readonly changes: number;
}

/**
 * Runs a service on a database, and kills it (-9) again and again while clients write. After each start it must show what
 * was acknowledged and nothing that was refused; in the end the change logs must tell the whole story.
 *
 * @throws Error with what is wrong.
 */
export async function killService(place: StorePlace, { kills, seed, writers }: KillPlan): Promise<KillReport> {
  const random = randomNumbers(seed);
  const ledger = newLedger();
  let port = 0;
  for (let kill = 0; kill <= kills; kill += 1) {
    await using service = startCli(['serve', '--database', place.database, '--listen', `127.0.0.1:${port}`, '--json']);
    port = JSON.parse(await service.line()).port;
    const { client, channel } = rawClient({ port });
    await ledger.check(client);
    if (kill < kills) {
      const enough = ledger.acknowledged.length + integer(0, MAX_ANSWERS, random);
      const killing = deferred();
      const written = () => {
        if (ledger.acknowledged.length >= enough) killing.resolve();
      };
      written();
      const writing = Promise.all(
        Array.from({ length: writers }, (_, writer) => write(client, ledger, `${kill}.${writer}`, random, written)),
      );
      await Promise.race([killing.promise, writing]);
      // At any moment between two answers.
      await pause(random() * MAX_PAUSE_MS);
      await killed(service);
      await writing;
    }
    channel.close();
  }
  const store = await place.open();
  try {
    return { ...ledger.counts(), changes: await checkLogs(store, ledger) };
  } finally {
    await store.close();
  }
}

async function killed(service: RunningCli): Promise<void> {
  const { code } = await service.stop('SIGKILL');
  if (code !== null) throw new Error(`the service ended by itself, with code ${code}, before it was killed`);
}

/** Writes until the service is gone: creates, updates and deletes dispatches of its own, and tries what is refused. */
async function write(
  client: RawClient,
  ledger: Ledger,
  name: string,
  random: () => number,
  written: () => void,
): Promise<void> {
  const own: { microgridId: bigint; id: bigint }[] = [];
  for (let count = 0; ; count += 1) {
    const mark = `${name}.${count}`;
    const chosen = own[Math.floor(random() * own.length)];
    const what = random();
    let attempt: Attempt = { microgridId: pick(MICROGRID_IDS, random), id: null, mark };
    try {
      if (what < 0.1) {
        await refused(client, attempt.microgridId, `refused ${mark}`);
      } else if (!chosen || what < 0.5) {
        const data = dispatchData({ type: mark });
        const { dispatch } = await client.createMicrogridDispatch({
          microgridId: attempt.microgridId,
          dispatchData: data,
        });
        const id = dispatch?.metadata?.dispatchId ?? 0n;
        ledger.acknowledge(attempt, id);
        own.push({ microgridId: attempt.microgridId, id });
      } else {
        attempt = { microgridId: chosen.microgridId, id: chosen.id, mark: what < 0.85 ? mark : null };
        const ids = { microgridId: chosen.microgridId, dispatchId: chosen.id };
        if (attempt.mark === null) {
          own.splice(own.indexOf(chosen), 1);
          await client.deleteMicrogridDispatch(ids);
        } else {
          const update = { payload: { note: mark } };
          await client.updateMicrogridDispatch({ ...ids, updateMask: ['payload'], update });
        }
        ledger.acknowledge(attempt, chosen.id);
      }
      written();
    } catch (error) {
      if ((error as { code?: unknown }).code !== Status.UNAVAILABLE) throw error;
      // What is refused is not applied, whether or not its caller hears of it.
      if (what >= 0.1) ledger.leaveUnknown(attempt);
      return;
    }
  }
}

async function refused(client: RawClient, microgridId: bigint, type: string): Promise<void> {
  const target = { components: undefined };
  try {
    await client.createMicrogridDispatch({ microgridId, dispatchData: dispatchData({ type, target }) });
  } catch (error) {
    if ((error as { code?: unknown }).code === Status.INVALID_ARGUMENT) return;
    throw error;
  }
  throw new Error('a dispatch without a target was accepted');
}
