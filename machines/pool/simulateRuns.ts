import { type ActorLogic, createActor, type Snapshot } from 'xstate';
import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { RunNotification } from '../dispatch/runNotification.js';
import { type DispatcherOutput, isRunNotification } from '../protocol/dispatcherOutput.js';
import type { SystemEvent } from '../xstate/systemEvent.js';
import { DispatchChildren } from './dispatchChildren.js';
import { evaluationProblem } from './evaluationProblem.js';

/** Options of {@link simulateRuns}. */
export interface SimulationOptions {
  /** When the dispatcher begins, milliseconds since the epoch. A dispatch that then runs is started, with the cause `sync`. */
  readonly fromMs: number;
  /** When it ends, milliseconds since the epoch; what happens at that time is left out. */
  readonly toMs: number;
  /** Told of each dispatch that cannot be evaluated; it is left out, as a dispatcher does. @default nobody is told */
  readonly onProblem?: ((problem: DispatchError) => void) | undefined;
}

/** Maximum number of dispatches that are woken before their notifications are yielded. */
const sliceSize = 64;

type PoolSnapshot = Snapshot<undefined> & { readonly context: DispatchChildren };

/**
 * Yields what a dispatcher would announce of some dispatches between two instants, in order: each dispatch has its machine, and time is what
 * the agenda of the machines says, so that nothing is late. Nothing is read from a clock, and no change of a dispatch is assumed.
 *
 * @param dispatches Records with different ids.
 */
export function* simulateRuns(
  dispatches: Iterable<DispatchRecord>,
  { fromMs, toMs, onProblem = () => {} }: SimulationOptions,
): Generator<RunNotification, void, void> {
  let told: RunNotification[] = [];
  const tell = (output: DispatcherOutput) => {
    if (isRunNotification(output)) told.push(output);
    else if (output.type === 'dispatcher.problem') onProblem(output.problem);
  };
  const takeTold = () => {
    const taken = told;
    told = [];
    return taken;
  };
  const pool = createActor(poolLogic(tell)).start();
  const { context: children } = pool.getSnapshot();
  try {
    for (const dispatch of dispatches) {
      const problem = evaluationProblem(dispatch);
      if (problem === null) children.create(dispatch, fromMs, 'sync');
      else onProblem(problem);
      yield* takeTold();
    }
    for (let atMs = children.headMs; atMs !== null && atMs < toMs; atMs = children.headMs) {
      children.wakeDue(atMs, sliceSize);
      yield* takeTold();
    }
  } finally {
    pool.stop();
  }
}

/** The least of a pool: the parent of the machines. */
function poolLogic(tell: (output: DispatcherOutput) => void): ActorLogic<PoolSnapshot, SystemEvent> {
  return {
    getInitialSnapshot: scope => ({
      status: 'active',
      output: undefined,
      error: undefined,
      context: new DispatchChildren(scope, { tell, keep: () => {} }),
    }),
    transition: (snapshot, event) => {
      if (event.type === 'xstate.stop') snapshot.context.stop();
      else if ('error' in event) snapshot.context.dropFailed(Number(event.type.split('.').at(-1)), event.error);
      return snapshot;
    },
    start: ({ context }) => context.start(),
    getPersistedSnapshot: snapshot => snapshot,
  };
}
