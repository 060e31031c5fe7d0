import { createActor, fromCallback } from 'xstate';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { bareMachine } from './bareMachine.js';
import { startBurstService } from './benchService.js';
import { check, median, preciseClock, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import { inPython } from './pythonBench.js';
import type { Figures } from './report.js';

const COUNT = 1_000;
/** What a process takes at most to start and to list, before it is idle. */
const START_UP_MS = 3_000;
/** After the last notification, for what comes twice. */
const GRACE_MS = 200;

interface Burst {
  readonly address: string;
  /** When all dispatches start, milliseconds since the epoch. */
  readonly startMs: number;
}

/** How late the first and the last notification of a burst came. */
interface Lateness {
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * How late 1,000 dispatches that start at one instant reach a receiver in a process that has done nothing but list them and
 * wait: each time a process of its own, with a scripted service in another one. Beside it, in turn, bare XState actors that
 * each get an event and emit one, and the dispatcher of the Python packages where they are installed.
 */
export async function measureFirstBurst(rounds: number, idleSeconds: number): Promise<Figures> {
  const [own, bare, python]: [Lateness[], Lateness[], Lateness[]] = [[], [], []];
  for (let i = 0; i < rounds; i++) {
    own.push(await withService(idleSeconds, burst => inFreshProcess(import.meta.url, dispatchesOnce, burst)));
    bare.push(await inFreshProcess(import.meta.url, bareActorsOnce, { startMs: nextStartMs(idleSeconds) }));
    const theirs = await withService(idleSeconds, ({ address, startMs }) =>
      inPython<Lateness>('first_burst', address, COUNT, startMs),
    );
    if (theirs !== null) python.push(theirs);
  }
  const lastMs = (of: readonly Lateness[]) => median(of.map(lateness => lateness.lastMs));
  const firstMs = (of: readonly Lateness[]) => median(of.map(lateness => lateness.firstMs));
  const hasPython = python.length > 0;
  return {
    firstBurst: COUNT,
    rounds,
    idleSeconds,
    firstMs: round(firstMs(own)),
    lastMs: round(lastMs(own)),
    bareLastMs: round(lastMs(bare)),
    pythonFirstMs: hasPython ? round(firstMs(python)) : null,
    pythonLastMs: hasPython ? round(lastMs(python)) : null,
    ratioToBare: round(lastMs(own) / lastMs(bare)),
    ratioToPython: hasPython ? round(lastMs(own) / lastMs(python)) : null,
  };
}

/** A whole second: the Python dispatcher knows no finer start. */
function nextStartMs(idleSeconds: number): number {
  return Math.ceil((Date.now() + START_UP_MS) / 1_000) * 1_000 + idleSeconds * 1_000;
}

async function withService<TAnswer>(idleSeconds: number, measure: (burst: Burst) => Promise<TAnswer>) {
  const startMs = nextStartMs(idleSeconds);
  await using service = await startBurstService(COUNT, startMs);
  return await measure({ address: service.address, startMs });
}

/** @public Run by name in a process of its own. */
export async function dispatchesOnce({ address, startMs }: Burst): Promise<Lateness> {
  const nowMs = preciseClock();
  await using dispatcher = new Dispatcher({ microgridId: 1, address });
  const receiver = dispatcher.runningStatusChange.newReceiver();
  await dispatcher.start();
  await dispatcher.ready();
  check(
    dispatcher.dispatches.size === COUNT && Date.now() < startMs,
    `${dispatcher.dispatches.size} are there in time`,
  );
  const lateMs: number[] = [];
  const seen = new Set<number>();
  for await (const { id, change } of receiver) {
    lateMs.push(nowMs() - startMs);
    check(change?.kind === 'started' && Date.now() >= startMs, `${id} ${change?.kind} came early, or was not to come`);
    seen.add(id);
    if (lateMs.length === COUNT) setTimeout(() => receiver.close(), GRACE_MS);
  }
  check(seen.size === COUNT && lateMs.length === COUNT, `${lateMs.length} notifications of ${seen.size} dispatches`);
  return { firstMs: Math.min(...lateMs), lastMs: Math.max(...lateMs) };
}

/** @public Run by name in a process of its own. */
export async function bareActorsOnce({ startMs }: Pick<Burst, 'startMs'>): Promise<Lateness> {
  const nowMs = preciseClock();
  const parent = createActor(fromCallback(() => {})).start();
  const lateMs: number[] = [];
  const actors = Array.from({ length: COUNT }, (_, i) => {
    const actor = createActor(bareMachine, { id: String(i), parent });
    actor.on('started', () => lateMs.push(nowMs() - startMs));
    return actor.start();
  });
  await new Promise<void>(resolve => {
    const begin = () => {
      for (const actor of actors) actor.send({ type: 'start' });
      resolve();
    };
    setTimeout(begin, startMs - Date.now());
  });
  check(lateMs.length === COUNT, `${lateMs.length} of ${COUNT} actors emitted`);
  return { firstMs: Math.min(...lateMs), lastMs: Math.max(...lateMs) };
}
