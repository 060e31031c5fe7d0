import { dispatchRecord, minuteMs } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';
import { type Conduct, ExpectedActor, type ExpectedOptions } from './managed/expectedActor.js';
import { worker } from './managed/worker.js';
import { integer, pick, randomNumbers } from './random.js';

/** What a run came to. */
export interface ManagedReport {
  readonly faults: number;
  readonly rounds: number;
  /** Actors that were started, or could not be. */
  readonly attempts: number;
}

const identities = 10;
const runs = 6;
/** Runs of each dispatch begin so far apart, and last so long. */
const [periodMs, durationMs] = [10 * minuteMs, 4 * minuteMs];
const beginMs = at('10:00');
const endMs = beginMs + runs * periodMs;

interface Edit {
  readonly atMs: number;
  readonly id: number;
  /** Null: it is deleted. */
  readonly note: number | null;
}

/**
 * Lets the managed actors of a dispatcher fail in all ways while their dispatches run, change and are deleted, round after round until
 * there were so many faults. What each actor said must be, to the time, what an oracle says that knows of no other actor.
 *
 * @throws Error with what is wrong.
 */
export async function failManagedActors(plan: {
  readonly faults: number;
  readonly seed: number;
}): Promise<ManagedReport> {
  const random = randomNumbers(plan.seed);
  let [faults, rounds, attempts] = [0, 0, 0];
  while (faults < plan.faults) {
    const played = await playRound(random, rounds);
    faults += played.faults;
    attempts += played.attempts;
    rounds += 1;
  }
  return { faults, rounds, attempts };
}

async function playRound(random: () => number, round: number) {
  const options: ExpectedOptions = {
    // No two things happen at one time that have nothing to do with each other.
    retryIntervalMs: 20_000.123,
    stopTimeoutMs: pick([0, 5_000.0457], random),
    onReconfigure: pick(['send', 'restart'], random),
    restart: pick(['on-error', 'always'], random),
  };
  const ids = Array.from({ length: identities }, (_, i) => i + 1);
  const conducts = new Map(ids.map(id => [id, Array.from({ length: 200 }, () => newConduct(random))]));
  const conductOf = (id: number, attempt: number) => conducts.get(id)?.[attempt] ?? ({ does: 'works' } as const);
  const edits = newEdits(ids, random);

  const attempts = new Map(ids.map(id => [id, 0]));
  const said = new Map(ids.map(id => [id, [] as string[]]));
  const dispatches = ids.map(id =>
    dispatchRecord({
      id,
      startTimeMs: beginMs,
      durationMs,
      recurrence: { frequency: 'MINUTELY', interval: periodMs / minuteMs, count: runs },
      payload: { note: 0 },
    }),
  );
  {
    await using test = await startDispatcher({ dispatches });
    const { clock, dispatcher, transport } = test;
    const say = (id: number, what: string) => said.get(id)?.push(`${clock.monotonicMs().toFixed(2)} ${what}`);
    dispatcher.on('problem', ({ dispatchId }) => say(dispatchId ?? 0, 'problem'));
    const logic = worker({
      clock,
      say,
      conductOf(id) {
        const attempt = attempts.get(id) ?? 0;
        attempts.set(id, attempt + 1);
        return conductOf(id, attempt);
      },
    });
    dispatcher.startManaging('*', logic, options);
    for (const { atMs, id, note } of edits) {
      await clock.advanceTo(atMs);
      if (note === null) transport.delete(id);
      else transport.update(id, { payload: { note } });
      await clock.settle();
    }
    await clock.advanceTo(endMs);
  }
  for (const id of ids) {
    const expected = new ExpectedActor(attempt => conductOf(id, attempt), options);
    follow(
      expected,
      edits.filter(edit => edit.id === id),
    );
    compare(`round ${round}, ${JSON.stringify(options)}, dispatch ${id}`, said.get(id) ?? [], expected.lines);
  }
  const faults = ids.flatMap(id => conducts.get(id)?.slice(0, attempts.get(id)) ?? []);
  return { faults: faults.filter(({ does }) => does !== 'works').length, attempts: faults.length };
}

/** By the monotonic clock, which begins with the test at 9:00: small enough to have fractions. */
function toMonotonic(ms: number): number {
  return ms - at('09:00');
}

/** Tells an oracle of the runs of its dispatch. */
function follow(expected: ExpectedActor, edits: readonly Edit[]): void {
  const deletedMs = edits.find(({ note }) => note === null)?.atMs ?? Number.POSITIVE_INFINITY;
  const noteAt = (ms: number) => edits.findLast(({ atMs, note }) => atMs <= ms && note !== null)?.note ?? 0;
  const steps: { readonly atMs: number; readonly act: () => void }[] = [];
  for (let startMs = beginMs; startMs < Math.min(endMs, deletedMs); startMs += periodMs) {
    const overMs = Math.min(startMs + durationMs, deletedMs);
    const changes = edits.filter(({ atMs, note }) => note !== null && atMs > startMs && atMs < overMs);
    for (const atMs of [startMs, ...changes.map(change => change.atMs)]) {
      steps.push({ atMs, act: () => expected.want(toMonotonic(atMs), noteAt(atMs)) });
    }
    steps.push({ atMs: overMs, act: () => expected.unwant(toMonotonic(overMs)) });
  }
  for (const { atMs, act } of steps) {
    expected.pass(toMonotonic(atMs));
    act();
  }
  expected.pass(toMonotonic(endMs));
}

function newConduct(random: () => number): Conduct {
  const afterMs = integer(100, 60_000, random) + random();
  return pick<Conduct>(
    [
      { does: 'works' },
      { does: 'cannot be made' },
      { does: 'fails at once' },
      { does: 'fails', afterMs },
      { does: 'ends', afterMs },
      { does: 'hangs' },
    ],
    random,
  );
}

/** Changes at times at which no run begins or ends; a dispatch that is deleted is not changed any more. */
function newEdits(ids: readonly number[], random: () => number): Edit[] {
  const edits = ids.flatMap(id => {
    const deletedMs = random() < 0.2 ? newTime(random) : Number.POSITIVE_INFINITY;
    const changes = Array.from({ length: 12 }, (_, i) => ({ atMs: newTime(random), id, note: i + 1 }));
    const deletion = deletedMs < endMs ? [{ atMs: deletedMs, id, note: null }] : [];
    return [...changes.filter(({ atMs }) => atMs < deletedMs), ...deletion];
  });
  const first = new Map(edits.map(edit => [`${edit.id} ${edit.atMs}`, edit]));
  return [...first.values()].sort((a, b) => a.atMs - b.atMs);
}

function newTime(random: () => number): number {
  return beginMs + integer(0, runs * 10 - 1, random) * minuteMs + integer(1, 59_999, random);
}

function compare(where: string, said: readonly string[], expected: readonly string[]): void {
  const i = expected.findIndex((line, place) => line !== said[place]);
  if (i === -1 && said.length === expected.length) return;
  const place = i === -1 ? expected.length : i;
  const near = (lines: readonly string[]) => lines.slice(Math.max(0, place - 3), place + 3).join(', ');
  throw new Error(`${where}: it said ${near(said)} in place of ${near(expected)}`);
}
