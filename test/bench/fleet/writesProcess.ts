/** The process that writes to a fleet: so many writes a second, of random microgrids, whether or not earlier ones were answered. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateMicrogridDispatchRequest,
  CreateMicrogridDispatchResponse,
  DeleteMicrogridDispatchRequest,
  UpdateMicrogridDispatchRequest,
  UpdateMicrogridDispatchResponse,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { microsAtOrAfter } from '../../../src/service/domain/timestamps.js';
import { integer, randomNumbers } from '../../faults/random.js';
import { answerTasks } from '../askedProcess.js';
import { dispatchDataOf } from '../dispatchData.js';
import { check, spread } from '../figures.js';
import { type LogEntry, readLogs } from './checkDelivery.js';
import { dispatchIdOf, type FleetSize } from './fillDatabase.js';
import { BareConnection, LOST } from './http2Grpc.js';

const TICK_MS = 5;
const CONNECTIONS = 4;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
/** Of a hundred writes. */
const CREATIONS = 15;
const DELETIONS = 5;

type Write = Pick<LogEntry, 'microgridId' | 'isDeletion'> & {
  readonly method: string;
  readonly request: Uint8Array;
  readonly id: number | null;
};

const random = randomNumbers(1);
const connections = new Map<number, BareConnection[]>();
/** The services that answer. */
let ports: number[] = [];
/** Created and not deleted since. */
const created: { readonly microgridId: number; readonly id: number }[] = [];
/** `MICROGRID DISPATCH TIME` of each write that was acknowledged; the time of a deletion is not told. */
const acknowledged: string[] = [];
let unknownInAll = 0;
let period = newPeriod();
let writing: Promise<void> = Promise.resolve();

function newPeriod() {
  return { isOver: false, waiting: 0, unknown: 0, refused: 0, latenciesMs: [] as number[] };
}

const tasks = {
  /** Tells which services to write to. */
  redirect(to: number[]) {
    ports = to;
  },

  /** Begins to write. */
  begin(size: FleetSize, perSecond: number) {
    period = newPeriod();
    writing = write(size, perSecond);
  },

  /** Stops, waits for the answers, and tells how long they took since the beginning. */
  async stop() {
    period.isOver = true;
    await writing;
    while (period.waiting > 0) await pause(TICK_MS);
    const { latenciesMs, refused, unknown } = period;
    const { p50, p99, max } = spread(latenciesMs);
    return {
      answered: latenciesMs.length,
      unknown,
      refused,
      writeP50Ms: p50,
      writeP99Ms: p99,
      writeMaxMs: max,
    };
  },

  /** Checks that the change logs have each write that was acknowledged, and no others but those without an answer. */
  async check(database: string, filledSeq: number) {
    const entries = [...(await readLogs(database, filledSeq)).values()].flat();
    const logged = new Set(entries.map(inWords));
    const missing = acknowledged.find(write => !logged.has(write));
    check(missing === undefined, `an acknowledged write is missing: ${missing}`);
    check(new Set(acknowledged).size === acknowledged.length, 'two writes were acknowledged with the same time');
    const excess = entries.length - acknowledged.length;
    check(
      excess >= 0 && excess <= unknownInAll,
      `${excess} changes nobody has made, of ${unknownInAll} without an answer`,
    );
    return { written: entries.length, acknowledged: acknowledged.length };
  },
};

/** What the process of the writes is asked. */
export type WritesTasks = typeof tasks;

answerTasks(tasks);

async function write(size: FleetSize, perSecond: number): Promise<void> {
  const current = period;
  const startMs = performance.now();
  for (let begun = 0; !current.isOver; await pause(TICK_MS)) {
    const due = Math.floor(((performance.now() - startMs) * perSecond) / 1_000);
    // What waits because this process is late counts as well.
    for (; begun < due; begun += 1) make(nextWrite(size), startMs + (begun * 1_000) / perSecond, current);
  }
}

function make(write: Write, dueMs: number, current: typeof period): void {
  const { method, microgridId, request } = write;
  const port = ports[integer(0, ports.length - 1, random)] ?? 0;
  let answer: Buffer | null = null;
  current.waiting += 1;
  connectionTo(port).call(port, {
    method,
    microgridId,
    request,
    messageCame: message => {
      answer = message;
    },
    ended: (status, reason) => {
      current.waiting -= 1;
      if (status === 0 && answer !== null) {
        current.latenciesMs.push(performance.now() - dueMs);
        acknowledge(write, answer);
        return;
      }
      if (status === UNAVAILABLE) {
        current.unknown += 1;
        unknownInAll += 1;
        if (reason === LOST && ports.length > 1) ports = ports.filter(other => other !== port);
      } else {
        // A service that has more calls than it can serve says so, and nothing of them is made.
        check(status === RESOURCE_EXHAUSTED, `${method} was refused: ${status} ${reason}`);
        current.refused += 1;
      }
    },
  });
}

function connectionTo(port: number): BareConnection {
  const own = connections.get(port) ?? Array.from({ length: CONNECTIONS }, () => new BareConnection());
  connections.set(port, own);
  return own[integer(0, CONNECTIONS - 1, random)] as BareConnection;
}

function nextWrite(size: FleetSize): Write {
  const what = random() * 100;
  const microgridId = integer(1, size.microgrids, random);
  if (what < DELETIONS && created.length > 0) {
    const [chosen] = created.splice(integer(0, created.length - 1, random), 1) as [(typeof created)[number]];
    const ids = { microgridId: BigInt(chosen.microgridId), dispatchId: BigInt(chosen.id) };
    const request = DeleteMicrogridDispatchRequest.encode(ids).finish();
    return { method: 'DeleteMicrogridDispatch', ...chosen, isDeletion: true, request };
  }
  if (what < DELETIONS + CREATIONS) {
    // One that begins later, whenever that is.
    const dispatchData = dispatchDataOf(integer(0, 9_999, random) * 10 + 1, Math.floor(Date.now() / 1_000));
    const request = CreateMicrogridDispatchRequest.encode({ microgridId: BigInt(microgridId), dispatchData }).finish();
    return { method: 'CreateMicrogridDispatch', microgridId, id: null, isDeletion: false, request };
  }
  const id = dispatchIdOf(microgridId, integer(0, size.perMicrogrid - 1, random), size);
  const request = UpdateMicrogridDispatchRequest.encode(
    UpdateMicrogridDispatchRequest.fromPartial({
      microgridId: BigInt(microgridId),
      dispatchId: BigInt(id),
      updateMask: ['payload'],
      update: { payload: { power_kw: Math.round(random() * 100), mode: 'peak-shaving' } },
    }),
  ).finish();
  return { method: 'UpdateMicrogridDispatch', microgridId, id, isDeletion: false, request };
}

function acknowledge({ method, microgridId, id, isDeletion }: Write, answer: Buffer): void {
  if (isDeletion) {
    acknowledged.push(inWords({ microgridId, id: id ?? 0, atUs: 0, isDeletion }));
    return;
  }
  const response = method.startsWith('Create') ? CreateMicrogridDispatchResponse : UpdateMicrogridDispatchResponse;
  const { dispatchId, updateTime } = response.decode(answer).dispatch?.metadata ?? {};
  const written = {
    microgridId,
    id: Number(dispatchId),
    atUs: updateTime ? microsAtOrAfter(updateTime) : 0,
    isDeletion,
  };
  acknowledged.push(inWords(written));
  if (id === null) created.push(written);
}

function inWords({ microgridId, id, atUs, isDeletion }: Omit<LogEntry, 'seq'>): string {
  return `${microgridId} ${id} ${isDeletion ? 'deleted' : atUs}`;
}
