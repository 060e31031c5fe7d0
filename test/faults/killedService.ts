import { setTimeout as pause } from 'node:timers/promises';
import { Status } from 'nice-grpc-common';
import { Dispatch } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { DispatchStore, LoggedChange } from '../../src/service/dispatchStore.js';
import { dispatchData, type RawClient, rawClient } from '../support/rawService.js';
import { type RunningCli, startCli } from '../support/runCli.js';
import type { StorePlace } from '../support/stores.js';

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

const MICROGRID_IDS = [1n, 2n, 3n];

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
      const writing = Array.from({ length: writers }, (_, writer) =>
        write(client, ledger, `${kill}.${writer}`, random),
      );
      await pause(20 + random() * 200);
      await killed(service);
      await Promise.all(writing);
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

/** A call that has no answer yet, or never got one. */
interface Attempt {
  readonly microgridId: bigint;
  /** The dispatch that it changes; null for a creation. */
  readonly id: bigint | null;
  /** The type that it creates, or the note that it leaves; null for a deletion. */
  readonly mark: string | null;
}

type Ledger = ReturnType<typeof newLedger>;

/** What the service has promised. */
function newLedger() {
  /** Dispatches that are there, by microgrid and id, with their last mark. */
  const present = new Map<string, string>();
  const usedIds = new Set<bigint>();
  /** By microgrid and id, every change that was acknowledged. */
  const acknowledged: { readonly key: string; readonly mark: string | null }[] = [];
  let unanswered: Attempt[] = [];
  let unknown = 0;
  const key = (microgridId: bigint, id: bigint) => `${microgridId}/${id}`;

  function settle({ microgridId, mark }: Attempt, id: bigint): void {
    if (mark === null) present.delete(key(microgridId, id));
    else present.set(key(microgridId, id), mark);
  }

  function created(id: bigint): void {
    if (usedIds.has(id)) throw new Error(`id ${id} was used twice`);
    usedIds.add(id);
  }

  return {
    acknowledged,
    present,
    counts: () => ({ acknowledged: acknowledged.length, unknown }),
    /** Dispatches that a writer has created and that are still there. */
    acknowledge(attempt: Attempt, id: bigint): void {
      if (attempt.id === null) created(id);
      settle(attempt, id);
      acknowledged.push({ key: key(attempt.microgridId, id), mark: attempt.mark });
    },
    leaveUnknown(attempt: Attempt): void {
      unanswered.push(attempt);
      unknown += 1;
    },
    /** Compares with what the service shows, and learns what became of the calls without an answer. */
    async check(client: RawClient): Promise<void> {
      const shown = new Map<string, string>();
      for (const microgridId of MICROGRID_IDS) {
        for (const dispatch of await listAll(client, microgridId)) {
          shown.set(key(microgridId, dispatch.metadata?.dispatchId ?? 0n), markOf(dispatch));
        }
      }
      for (const attempt of unanswered) learn(attempt, shown);
      unanswered = [];
      const missing = [...present].filter(([name, mark]) => shown.get(name) !== mark);
      const surplus = [...shown].filter(([name]) => !present.has(name));
      if (missing.length + surplus.length === 0) return;
      throw new Error(
        `acknowledged and not there: ${missing.join('; ')}. There and not acknowledged: ${surplus.join('; ')}`,
      );
    },
  };

  /** Either it was applied or it was not: takes the service's word for it where it can be one of the two. */
  function learn(attempt: Attempt, shown: ReadonlyMap<string, string>): void {
    const { microgridId, id, mark } = attempt;
    if (id !== null) {
      const now = shown.get(key(microgridId, id));
      if (now === undefined ? mark === null : now === mark) settle(attempt, id);
      return;
    }
    const [name] = [...shown].find(([, shownMark]) => shownMark === mark) ?? [];
    if (name === undefined) return;
    const newId = BigInt(name.split('/')[1] ?? 0);
    created(newId);
    settle(attempt, newId);
  }
}

/** Writes until the service is gone: creates, updates and deletes dispatches of its own, and tries what is refused. */
async function write(client: RawClient, ledger: Ledger, name: string, random: () => number): Promise<void> {
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

async function listAll(client: RawClient, microgridId: bigint): Promise<Dispatch[]> {
  const dispatches: Dispatch[] = [];
  let params: { $case: 'pageSize'; value: number } | { $case: 'pageToken'; value: string } = {
    $case: 'pageSize',
    value: 1000,
  };
  for (;;) {
    const page = await client.listMicrogridDispatches({ microgridId, paginationParams: { params } });
    dispatches.push(...page.dispatches);
    const token = page.paginationInfo?.nextPageToken;
    if (token === undefined) return dispatches;
    params = { $case: 'pageToken', value: token };
  }
}

/** What a dispatch shows of the last change to it. */
function markOf({ data }: Dispatch): string {
  const note = data?.payload?.note;
  return typeof note === 'string' ? note : (data?.type ?? '');
}

/** Each log must be without gaps, in order of time, and come to what is there. Returns the number of entries. */
async function checkLogs(store: DispatchStore, ledger: Ledger): Promise<number> {
  const replayed = new Map<string, string>();
  const logged = new Set<string>();
  const createdIds = new Set<number>();
  let count = 0;
  for (const microgridId of MICROGRID_IDS.map(Number)) {
    let last: LoggedChange | undefined;
    for (const change of await wholeLog(store, microgridId)) {
      if (change.seq !== (last?.seq ?? 0) + 1) throw new Error(`${microgridId}: ${change.seq} follows ${last?.seq}`);
      if (change.atUs <= (last?.atUs ?? 0))
        throw new Error(`${microgridId}: ${change.seq} is not later than the one before`);
      const key = `${microgridId}/${change.id}`;
      const mark = markOf(Dispatch.decode(change.message));
      if (change.kind === 'created') {
        if (createdIds.has(change.id)) throw new Error(`id ${change.id} was created twice`);
        createdIds.add(change.id);
      } else if (!replayed.has(key)) throw new Error(`${key} was changed while it was not there`);
      if (change.kind === 'deleted') replayed.delete(key);
      else replayed.set(key, mark);
      logged.add(`${key} ${change.kind === 'deleted' ? null : mark}`);
      count += 1;
      last = change;
    }
    if ((await store.head(microgridId)) !== (last?.seq ?? 0))
      throw new Error(`${microgridId}: the log ends before its head`);
  }
  const lost = ledger.acknowledged.filter(({ key, mark }) => !logged.has(`${key} ${mark}`));
  if (lost.length > 0) throw new Error(`acknowledged and not in a log: ${JSON.stringify(lost)}`);
  const wrong = [...ledger.present].filter(([key, mark]) => replayed.get(key) !== mark);
  if (wrong.length > 0 || replayed.size !== ledger.present.size)
    throw new Error(`the logs come to something else: ${wrong}`);
  return count;
}

async function wholeLog(store: DispatchStore, microgridId: number): Promise<LoggedChange[]> {
  const log: LoggedChange[] = [];
  for (;;) {
    const { changes, pruned } = await store.changes(new Map([[microgridId, log.at(-1)?.seq ?? 0]]), 500);
    if (pruned.length > 0) throw new Error(`${microgridId}: the log has a hole behind ${log.at(-1)?.seq ?? 0}`);
    if (changes.length === 0) return log;
    log.push(...changes);
  }
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

/** Numbers from 0 to 1 that a seed decides: a generator by Lehmer, with the modulus 2^31 - 1. */
function randomNumbers(seed: number): () => number {
  let state = (Math.abs(Math.floor(seed)) % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
