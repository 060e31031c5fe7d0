import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type Metadata, Status } from 'nice-grpc-common';
import pg from 'pg';
import { Event } from '../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import { Dispatch, type StreamMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { ChangeKind, LoggedChange } from '../../src/service/domain/dispatchStore.js';
import { dispatchData, type RawClient, rawClient } from '../support/rawService.js';
import { type RunningCli, startCli } from '../support/startCli.js';
import type { StorePlace } from '../support/stores.js';
import { wholeLog } from './checkLogs.js';
import { MICROGRID_IDS } from './ledger.js';
import { pick, randomNumbers } from './random.js';

/** What two services on one database go through. */
export interface SharedPlan {
  readonly seed: number;
  /** Writes that are answered, of all clients together. */
  readonly writes: number;
  /** Streams of each service. */
  readonly streams: number;
}

/** What a run came to. */
export interface SharedReport {
  /** Calls without an answer. */
  readonly unknown: number;
  /** Entries of the change logs. */
  readonly changes: number;
  /** Streams that were open at some time. */
  readonly streams: number;
  /** Changes that they got, in all. */
  readonly received: number;
}

const WRITERS = 4;
/** What has not come so long after the last write is lost. */
const MAX_MS = 15_000;
const EVENTS: { readonly [Kind in ChangeKind]: Event } = {
  created: Event.CREATED,
  updated: Event.UPDATED,
  deleted: Event.DELETED,
};

/** All that one stream got, from the position that it was told when it opened. */
interface StreamLog {
  readonly microgridId: number;
  readonly position: number;
  readonly events: StreamMicrogridDispatchesResponse[];
  /** Whether it is open still. */
  open: boolean;
}

/** One of the services, on a port that it keeps. */
interface Service {
  process: RunningCli;
  readonly port: number;
  readonly client: RawClient;
  readonly channel: ReturnType<typeof rawClient>['channel'];
}

/**
 * Runs two services on one PostgreSQL database, with streams on both, while four clients write through both. The listening
 * connections are cut after a third of the writes and after two; after half of them one service is killed (-9) and started
 * again. What each stream got must be the change log from its opening on: all of it for those that are open at the end.
 *
 * @throws Error with what is wrong.
 */
export async function shareDatabase(place: StorePlace, { seed, writes, streams }: SharedPlan): Promise<SharedReport> {
  const random = randomNumbers(seed);
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const services = [await start(place), await start(place)] as const;
  const logs: StreamLog[] = [];
  try {
    const following = services.flatMap(service =>
      Array.from({ length: streams }, (_, index) => {
        const microgridId = MICROGRID_IDS[index % MICROGRID_IDS.length] as bigint;
        return follow(service.client, microgridId, logs, ending.signal);
      }),
    );
    const failed = Promise.all(following).then(() => new Promise<never>(() => {}));
    await Promise.race([failed, until(() => logs.length === 2 * streams, 'streams did not open')]);

    let answered = 0;
    const faults = [
      { after: writes / 3, cause: () => cutListening(place.database) },
      { after: writes / 2, cause: () => restart(services[1], place) },
      { after: (2 * writes) / 3, cause: () => cutListening(place.database) },
    ];
    const caused: Promise<void>[] = [];
    const written = () => {
      answered += 1;
      const [next] = faults;
      if (next && answered >= next.after) caused.push((faults.shift() as typeof next).cause());
      return answered < writes;
    };
    const clients = services.map(service => service.client);
    const unknown = await Promise.race([
      failed,
      Promise.all(Array.from({ length: WRITERS }, (_, index) => write(clients, index, random, written))),
    ]);
    if (caused.length !== 3) throw new Error(`${caused.length} of 3 faults were caused`);
    await Promise.race([failed, Promise.all(caused)]);
    const count = await Promise.race([failed, compare(place, logs, streams)]);
    return { ...count, unknown: unknown.reduce((sum, each) => sum + each, 0) };
  } finally {
    ending.abort();
    for (const { process, channel } of services) {
      channel.close();
      await process[Symbol.asyncDispose]();
    }
  }
}

async function start(place: StorePlace): Promise<Service> {
  const { process, port } = await serve(place, 0);
  return { process, port, ...rawClient({ port }) };
}

async function serve({ database }: StorePlace, port: number): Promise<{ process: RunningCli; port: number }> {
  const process = startCli(['serve', '--database', database, '--listen', `127.0.0.1:${port}`, '--json']);
  return { process, port: JSON.parse(await process.line()).port };
}

async function restart(service: Service, place: StorePlace): Promise<void> {
  const { code } = await service.process.stop('SIGKILL');
  if (code !== null) throw new Error(`the service ended by itself, with code ${code}, before it was killed`);
  service.process = (await serve(place, service.port)).process;
}

async function cutListening(database: string): Promise<void> {
  const client = new pg.Client(database);
  await client.connect();
  try {
    // A service that was killed just now, or cut before, does not listen again at once.
    for (let left = 100; left > 0; left -= 1) {
      const { rowCount } = await client.query(`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like 'listen%' and pid <> pg_backend_pid()`);
      if (rowCount !== 0) return;
      await pause(100);
    }
    throw new Error('nobody listens');
  } finally {
    await client.end();
  }
}

/** Keeps a stream of a microgrid open, and takes down what it gets. */
async function follow(client: RawClient, microgridId: bigint, logs: StreamLog[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let log: StreamLog | undefined;
    const onHeader = (header: Metadata) => {
      const position = Number(header.get('change-log-position')?.split(':')[0]);
      log = { microgridId: Number(microgridId), position, events: [], open: true };
      logs.push(log);
    };
    try {
      const responses = client.streamMicrogridDispatches({ microgridId }, { signal, onHeader });
      for await (const response of responses) log?.events.push(response);
      throw new Error('a stream ended without an error');
    } catch (error) {
      if (log) log.open = false;
      if (signal.aborted) return;
      if ((error as { code?: unknown }).code !== Status.UNAVAILABLE) throw error;
      await pause(50);
    }
  }
}

/** Creates, updates and deletes dispatches of its own; when a service is away, through the other one. */
async function write(
  clients: readonly RawClient[],
  index: number,
  random: () => number,
  written: () => boolean,
): Promise<number> {
  const own: { microgridId: bigint; dispatchId: bigint }[] = [];
  let unknown = 0;
  let at = index;
  for (let goOn = true; goOn; ) {
    const client = clients[at % clients.length] as RawClient;
    const chosen = own[Math.floor(random() * own.length)];
    const what = random();
    try {
      if (!chosen || what < 0.5) {
        const microgridId = pick(MICROGRID_IDS, random);
        const { dispatch } = await client.createMicrogridDispatch({ microgridId, dispatchData: dispatchData() });
        own.push({ microgridId, dispatchId: dispatch?.metadata?.dispatchId ?? 0n });
      } else if (what < 0.85) {
        const update = { payload: { note: random() } };
        await client.updateMicrogridDispatch({ ...chosen, updateMask: ['payload'], update });
      } else {
        own.splice(own.indexOf(chosen), 1);
        await client.deleteMicrogridDispatch(chosen);
      }
      goOn = written();
    } catch (error) {
      if ((error as { code?: unknown }).code !== Status.UNAVAILABLE) throw error;
      unknown += 1;
      at += 1;
    }
  }
  return unknown;
}

/** Compares what the streams got with the change logs. */
async function compare(place: StorePlace, logs: readonly StreamLog[], streams: number) {
  const store = await place.open();
  try {
    const changes = new Map<number, readonly LoggedChange[]>();
    for (const microgridId of MICROGRID_IDS.map(Number)) changes.set(microgridId, await wholeLog(store, microgridId));
    const logOf = ({ microgridId }: StreamLog) => changes.get(microgridId) ?? [];
    const complete = (log: StreamLog) => log.position + log.events.length >= logOf(log).length;
    const open = () => logs.filter(log => log.open);
    await until(() => open().length === 2 * streams && open().every(complete), 'streams did not get all changes');
    let received = 0;
    for (const log of logs) {
      for (const [index, event] of log.events.entries()) compareEvent(event, logOf(log)[log.position + index], log);
      received += log.events.length;
    }
    const count = [...changes.values()].reduce((sum, log) => sum + log.length, 0);
    return { changes: count, streams: logs.length, received };
  } finally {
    await store.close();
  }
}

function compareEvent(
  { event, dispatch }: StreamMicrogridDispatchesResponse,
  change: LoggedChange | undefined,
  { microgridId, position }: StreamLog,
): void {
  const same =
    change && dispatch && EVENTS[change.kind] === event && Buffer.from(change.message).equals(encoded(dispatch));
  if (same) return;
  const got = `event ${event} of dispatch ${dispatch?.metadata?.dispatchId}`;
  throw new Error(`microgrid ${microgridId}, opened at ${position}: ${got} came in place of change ${change?.seq}`);
}

function encoded(dispatch: Dispatch): Uint8Array {
  return Dispatch.encode(dispatch).finish();
}

async function until(holds: () => boolean, otherwise: string): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 50) {
    if (waitedMs > MAX_MS) throw new Error(otherwise);
    await pause(50);
  }
}
