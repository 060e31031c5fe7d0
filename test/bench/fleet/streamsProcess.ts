/** The process of a fleet's streams: each follows another microgrid. */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { answerTasks } from '../askedProcess.js';
import { check, preciseClock, spread } from '../figures.js';
import { checkDelivery, type Delivered, readLogs } from './checkDelivery.js';
import { Follower, type Route } from './follower.js';
import { BareConnection } from './http2Grpc.js';

const SETTLE_MS = 30_000;

const nowMs = preciseClock();
/** By service, where its followers connect to. */
const routes: Route[] = [];
const connections: BareConnection[][] = [];
const followers: Follower[] = [];
let latenciesMs: number[] = [];
let liveCount = 0;
let lastLiveMs = 0;
let counts = newCounts();
let allLive: () => void = () => {};

function newCounts() {
  return { opened: 0, resumed: 0, listed: 0, lost: 0, failedAttempts: 0 };
}

const listener = {
  live(how: 'opened' | 'resumed' | 'listed') {
    counts[how] += 1;
    liveCount += 1;
    lastLiveMs = nowMs();
    if (liveCount === followers.length) allLive();
  },
  lost(_status: number, wasLive: boolean) {
    if (wasLive) liveCount -= 1;
    counts[wasLive ? 'lost' : 'failedAttempts'] += 1;
  },
  changed(atUs: number) {
    latenciesMs.push(nowMs() - atUs / 1_000);
  },
};

const tasks = {
  /** Opens a stream of each microgrid from 1 on, on the services in turn; answers when all are live. */
  async open(ports: readonly number[], streams: number, perConnection: number) {
    const startMs = performance.now();
    for (const port of ports) {
      routes.push({ port, resumes: true });
      const own = Math.ceil(streams / ports.length / perConnection);
      connections.push(Array.from({ length: own }, () => new BareConnection()));
    }
    for (let microgridId = 1; microgridId <= streams; microgridId += 1) {
      const service = microgridId % ports.length;
      const own = connections[service] ?? [];
      const connection = own[Math.floor(microgridId / ports.length) % own.length];
      const route = routes[service];
      if (connection && route) followers.push(new Follower(microgridId, connection, route, listener));
    }
    for (const follower of followers) follower.open();
    await untilAllLive();
    return { tookMs: performance.now() - startMs };
  },

  /** Tells where the followers of a service connect to when they have lost their streams. */
  redirect(service: number, port: number, resumes: boolean) {
    Object.assign(routes[service] ?? {}, { port, resumes });
    counts = newCounts();
  },

  /** Ends the connections of a service's followers. */
  cut(service: number) {
    for (const connection of connections[service] ?? []) connection.cut();
  },

  /** Answers when so many streams were lost and all are live again: at which time, and how often it took what. */
  async whenLiveAgain(lost: number) {
    while (counts.lost < lost) await pause(5);
    await untilAllLive();
    return { ...counts, lastLiveMs };
  },

  /** How late changes came since the last call, from their time in the database on. */
  latencies() {
    const { p50, p99, max } = spread(latenciesMs);
    const figures = { changes: latenciesMs.length, changeP50Ms: p50, changeP99Ms: p99, changeMaxMs: max };
    latenciesMs = [];
    return figures;
  },

  /** Waits until everything that was written has come, and checks that it came exactly once and in order. */
  async check(database: string, filledSeq: number): Promise<Delivered> {
    await untilSettled(database);
    const logs = await readLogs(database, filledSeq);
    const all = followers.map(({ microgridId, parts }) =>
      checkDelivery(microgridId, parts, logs.get(microgridId) ?? []),
    );
    const sum = (figure: keyof Delivered) => all.reduce((total, each) => total + each[figure], 0);
    return { received: sum('received'), listed: sum('listed') };
  },
};

/** What the process of the streams is asked. */
export type StreamsTasks = typeof tasks;

answerTasks(tasks);

async function untilAllLive(): Promise<void> {
  await new Promise<void>(resolve => {
    allLive = resolve;
    if (liveCount === followers.length) resolve();
  });
}

async function untilSettled(database: string): Promise<void> {
  const client = new pg.Client(database);
  await client.connect();
  try {
    for (const untilMs = performance.now() + SETTLE_MS; ; await pause(200)) {
      const { rows } = await client.query({ text: 'select id, seq from microgrid', rowMode: 'array' });
      const heads = new Map(rows.map(([id, seq]: unknown[]) => [Number(id), Number(seq)]));
      const behind = followers.find(({ microgridId, seq }) => seq < (heads.get(microgridId) ?? 0));
      if (!behind) return;
      const head = heads.get(behind.microgridId);
      check(
        performance.now() < untilMs,
        `microgrid ${behind.microgridId} got changes up to ${behind.seq} of ${head} only`,
      );
    }
  } finally {
    await client.end();
  }
}
