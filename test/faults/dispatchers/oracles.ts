import { isDeepStrictEqual } from 'node:util';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { DispatcherOutput, LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import type { Dispatcher } from '../../../src/dispatcher/dispatcher.js';
import type { Editor } from './editor.js';
import { type Differences, LifecycleOracle } from './lifecycleOracle.js';
import type { Peer } from './peer.js';
import { RunOracle } from './runOracle.js';

/** Codes of problems that tell of a lost connection. */
const lossCodes = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'];

/** What a dispatcher says, in its order, and problems that no fault of a connection may cause. */
export function observe(dispatcher: Dispatcher, { problemCodes }: Peer) {
  let outputs: DispatcherOutput[] = [];
  const problems: string[] = [];
  const observed = {
    problems,
    lifecycleCount: 0,
    runCount: 0,
    takeOutputs() {
      const taken = outputs;
      outputs = [];
      return taken;
    },
  };
  dispatcher.actor.on('*', output => {
    outputs.push(output);
    if (output.type.startsWith('lifecycle')) observed.lifecycleCount += 1;
    if (output.type.startsWith('run')) observed.runCount += 1;
    if (output.type === 'dispatcher.sync' && output.status.polling) problems.push('it polls');
  });
  dispatcher.on('problem', ({ code, message }) => {
    if (!lossCodes.includes(code) && !problemCodes.includes(code)) problems.push(message);
  });
  return observed;
}

/** Both oracles, of what is there and of what runs. */
export class Oracles {
  readonly #lifecycle: LifecycleOracle;
  readonly #runs = new RunOracle();
  readonly #listsEndless: boolean;
  /** The first list tells of what was there before; what it leaves out, the stream does. */
  #isFirst = true;

  constructor(editor: Editor, { listsEndless }: Peer) {
    this.#listsEndless = listsEndless;
    this.#lifecycle = new LifecycleOracle(editor.versions);
  }

  /** Compares what was said since the last time. @param hasListed - whether the dispatcher listed meanwhile */
  compare(outputs: readonly DispatcherOutput[], hasListed: boolean): Differences {
    for (const output of outputs) {
      if (output.type.startsWith('lifecycle')) {
        const event = output as LifecycleEvent;
        const isListed = this.#isFirst && (this.#listsEndless || event.dispatch.endTimeMs !== null);
        const version = this.#lifecycle.take(event, hasListed);
        this.#runs.takeVersion(event, version, isListed ? 'sync' : 'update');
      } else if (output.type.startsWith('run')) this.#runs.takeRun(output as RunNotification);
    }
    this.#isFirst = false;
    const found = [this.#lifecycle.finish(hasListed), this.#runs.finish(Date.now())];
    return { lost: found.flatMap(({ lost }) => lost), doubled: found.flatMap(({ doubled }) => doubled) };
  }
}

/** What of the two is not the same, in words. */
export function unequalStates(holds: ReadonlyMap<number, object>, has: ReadonlyMap<number, object>): string[] {
  const ids = new Set([...holds.keys(), ...has.keys()]);
  return [...ids].flatMap(id =>
    isDeepStrictEqual(holds.get(id), has.get(id))
      ? []
      : `${JSON.stringify(holds.get(id))} for ${JSON.stringify(has.get(id))}`,
  );
}
