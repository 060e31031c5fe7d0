import type { RunningNotification } from '../../../machines/dispatch/runNotification.js';
import type { MergedChange } from '../../../machines/manage/decision.js';
import { Merger } from '../../../machines/manage/merger.js';
import type { Dispatch } from '../../../src/dispatch.js';
import type { PythonRunningState } from '../pythonDispatcher.js';
import { dayStrategies, type PlayedDay } from './playDay.js';

/** Causes of differences, and what no cause explains. */
export type DayCause = 'handover' | 'covered' | 'equal end' | 'identity left' | 'redundant' | 'outage' | 'unexplained';

/** What was compared for one strategy. */
export interface DayComparison {
  readonly strategy: string;
  ours: number;
  theirs: number;
  same: number;
  readonly causes: Record<DayCause, number>;
  /** What no cause explains, in words. */
  readonly unexplained: string[];
}

/** Compares what both dispatchers delivered in a day. */
export function compareDay({ records, outages }: PlayedDay): DayComparison[] {
  // Ours resumes its stream and hears of each version, the Python one lists and hears of the last.
  const isOfOutage = (updateTime: string) => {
    const atMs = Date.parse(updateTime);
    return outages.some(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs);
  };
  return dayStrategies.map(({ name, ours: strategy }, place) => {
    const comparison: DayComparison = {
      strategy: name,
      ours: 0,
      theirs: 0,
      same: 0,
      causes: { handover: 0, covered: 0, 'equal end': 0, 'identity left': 0, redundant: 0, outage: 0, unexplained: 0 },
      unexplained: [],
    };
    for (const { type, said, ours, theirs } of records) {
      const [base = []] = theirs;
      const heard = theirs[place] ?? [];
      comparison.ours += ours[place]?.length ?? 0;
      comparison.theirs += heard.length;
      const note = (cause: DayCause, words: string) => {
        comparison.causes[cause] += 1;
        if (cause === 'unexplained') comparison.unexplained.push(`${type}: ${words}`);
      };
      const merger = new Merger({ type, strategy, records: () => [], onFailure: fail });
      const delivered = said.map(news => ({ changes: merger.take(news), left: new Set(merger.told.keys()) }));
      checkDelivered(
        delivered.flatMap(({ changes }) => changes),
        ours[place] ?? [],
      );
      const passed = passedOf(base, heard);
      const stops: { readonly i: number; readonly j: number; readonly isOurs: boolean; readonly inWords: string }[] =
        [];
      for (const [i, j] of alignment(said, base)) {
        const theirWords = j === undefined ? '' : pythonKey(base[j] as PythonRunningState);
        if (i === undefined) {
          if (j === undefined || !passed.has(j)) continue;
          const isOfTheirOutage = isOfOutage(base[j]?.dispatch.update_time ?? '');
          const cause = isRedundantIn(base, j) ? 'redundant' : isOfTheirOutage ? 'outage' : 'unexplained';
          note(cause, `only Python: ${theirWords}, ${historyOf(base, said, j)}`);
          continue;
        }
        const news = said[i] as RunningNotification;
        const { changes, left } = delivered[i] as (typeof delivered)[number];
        const isPassed = j !== undefined && passed.has(j);
        classify(news, changes, left, isPassed, (cause, words) => {
          const inWords = `${words} ${ourKey(news)}${j === undefined ? ', which Python did not say' : ''}`;
          if (cause === 'same') comparison.same += 1;
          else if (cause === 'unexplained' && j === undefined && isOfOutage(news.dispatch.updateTime))
            note('outage', inWords);
          else if (cause !== 'unexplained' || j === undefined || news.type !== 'running.stopped') note(cause, inWords);
          else stops.push({ i, j, isOurs: words === onlyHere, inWords });
        });
      }
      // Changes that both hear of at once, after an outage, have no order: the last stop is that of another dispatch then.
      for (const stop of stops.filter(({ isOurs }) => isOurs)) {
        const place = stops.findIndex(({ i, j, isOurs }) => !isOurs && (i - stop.i) * (j - stop.j) < 0);
        if (place >= 0) {
          stops.splice(place, 1);
          stops.splice(stops.indexOf(stop), 1);
          comparison.same += 1;
        }
      }
      for (const { inWords } of stops) note('unexplained', inWords);
    }
    return comparison;
  });
}

const onlyHere = 'only here:';

function classify(
  news: RunningNotification,
  changes: readonly MergedChange[],
  left: ReadonlySet<string>,
  isPassed: boolean,
  note: (cause: DayCause | 'same', words: string) => void,
): void {
  const isStop = news.type === 'running.stopped';
  const asIs = changes.find(({ kind, dispatch, cause }) =>
    isStop ? kind === 'stopped' : kind !== 'stopped' && cause !== 'handover' && dispatch.id === news.dispatch.id,
  );
  if (asIs !== undefined) note(isPassed ? 'same' : 'unexplained', onlyHere);
  for (const change of changes) {
    if (change === asIs) continue;
    if (change.cause !== 'handover') note('identity left', '');
    else note(isStop && isPassed ? 'unexplained' : 'handover', 'stopped by Python, handed over here:');
  }
  if (asIs !== undefined || !isPassed || changes.some(({ cause }) => isStop && cause === 'handover')) return;
  if (!isStop) note('covered', '');
  else note(left.size > 0 && isCounted(news, left) ? 'unexplained' : 'equal end', 'only Python stops:');
}

/** Whether anything is still in force for the identity of a stop, as far as its record tells. */
function isCounted({ dispatch }: RunningNotification, left: ReadonlySet<string>): boolean {
  return dayStrategies.some(({ ours, theirs }) => theirs !== undefined && left.has(ours.identity(dispatch) ?? ''));
}

/** Pairs what both said of each dispatch, in order; undefined where only one said it. */
function alignment(said: readonly RunningNotification[], base: readonly PythonRunningState[]) {
  const pairs: [number | undefined, number | undefined][] = [];
  const ids = new Set([...said.map(({ dispatch }) => dispatch.id), ...base.map(({ dispatch }) => dispatch.id)]);
  for (const id of ids) {
    const ours = said.flatMap(({ dispatch }, i) => (dispatch.id === id ? i : []));
    const theirs = base.flatMap(({ dispatch }, j) => (dispatch.id === id ? j : []));
    while (ours.length > 0 || theirs.length > 0) {
      const [i, j] = [ours[0], theirs[0]];
      if (i === undefined || j === undefined) {
        pairs.push([ours.shift(), theirs.shift()]);
      } else if (ourKey(said[i] as RunningNotification) === pythonKey(base[j] as PythonRunningState)) {
        pairs.push([ours.shift(), theirs.shift()]);
      } else if (
        isRedundantIn(base, j) ||
        !ours.some(k => ourKey(said[k] as RunningNotification) === pythonKey(base[j] as PythonRunningState))
      ) {
        pairs.push([undefined, theirs.shift()]);
      } else pairs.push([ours.shift(), undefined]);
    }
  }
  return pairs;
}

/** Whether a Python message says nothing new of its dispatch: a stop after a stop, or the same start again. */
function isRedundantIn(base: readonly PythonRunningState[], j: number): boolean {
  const message = base[j] as PythonRunningState;
  const before = base.slice(0, j).findLast(({ dispatch }) => dispatch.id === message.dispatch.id);
  if (!message.started) return before === undefined || !before.started;
  return before !== undefined && pythonKey(before) === pythonKey(message);
}

/** The places in all messages of those that passed a strategy. */
function passedOf(base: readonly PythonRunningState[], heard: readonly PythonRunningState[]): Set<number> {
  const passed = new Set<number>();
  let from = 0;
  for (const message of heard) {
    const place = base.findIndex((other, j) => j >= from && isSameMessage(other, message));
    if (place < 0) throw new Error(`a merged message is none of all: ${pythonKey(message)}`);
    passed.add(place);
    from = place + 1;
  }
  return passed;
}

function isSameMessage(a: PythonRunningState, b: PythonRunningState): boolean {
  return pythonKey(a) === pythonKey(b) && a.dispatch.update_time === b.dispatch.update_time;
}

function checkDelivered(expected: readonly MergedChange[], ours: readonly Dispatch[]): void {
  const words = ours.map(({ id, change, record }) => `${id} ${change?.kind} ${record.updateTime}`);
  const wanted = expected.map(({ dispatch, kind }) => `${dispatch.id} ${kind} ${dispatch.updateTime}`);
  if (words.join('\n') !== wanted.join('\n')) throw new Error('a receiver did not get what its strategy says');
}

function ourKey({ type, dispatch }: RunningNotification): string {
  const { id, updateTime } = dispatch;
  return type === 'running.stopped' ? `${id} stops` : `${id} starts ${Date.parse(updateTime)}`;
}

function pythonKey({ started, dispatch }: PythonRunningState): string {
  return started ? `${dispatch.id} starts ${Date.parse(dispatch.update_time ?? '')}` : `${dispatch.id} stops`;
}

/** What both said of the dispatch of a Python message, in order. */
function historyOf(base: readonly PythonRunningState[], said: readonly RunningNotification[], j: number): string {
  const { dispatch } = base[j] as PythonRunningState;
  const theirs = base.filter(message => message.dispatch.id === dispatch.id).map(pythonKey);
  const ours = said.filter(news => news.dispatch.id === dispatch.id).map(ourKey);
  return `which is ${JSON.stringify(dispatch)}; Python said ${theirs.join(', ')}; here ${ours.join(', ')}`;
}

function fail(cause: unknown): never {
  throw cause;
}
