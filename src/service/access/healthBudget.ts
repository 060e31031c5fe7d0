import { DispatchError } from '../../model/dispatchError.js';
import { addressBudget, networkOf } from './addressBudget.js';

/** Checks and watches of an address per second; bursts of five times as many are allowed. */
const CALLS_PER_SECOND = 200;
const BURST_S = 5;
const MAX_WATCHES_PER_ADDRESS = 100;
const MAX_WATCHES = 1_000;

/** The budget of health checks, which need no key, and which no other call uses up. */
export interface HealthBudget {
  /**
   * Admits a check, or a watch, which is a stream.
   *
   * @returns a function to call when it has ended.
   * @throws DispatchError RESOURCE_EXHAUSTED when its address, or all together, have too many.
   */
  enter(address: string, isWatch: boolean): () => void;
}

/** Creates the budget of one process. */
export function healthBudget(): HealthBudget {
  const rates = addressBudget(CALLS_PER_SECOND, BURST_S);
  const watches = new Map<string, number>();
  let total = 0;

  return {
    enter(address, isWatch) {
      if (!rates.take(address)) throw exhausted(`more than ${CALLS_PER_SECOND} health checks per second`);
      if (!isWatch) return () => {};
      const network = networkOf(address);
      const count = watches.get(network) ?? 0;
      if (count >= MAX_WATCHES_PER_ADDRESS) throw exhausted(`${count} health watches are open`);
      if (total >= MAX_WATCHES) throw new DispatchError('RESOURCE_EXHAUSTED', `${total} health watches are open`);
      watches.set(network, count + 1);
      total += 1;
      return () => {
        const left = (watches.get(network) ?? 1) - 1;
        if (left === 0) watches.delete(network);
        else watches.set(network, left);
        total -= 1;
      };
    },
  };
}

function exhausted(what: string): DispatchError {
  return new DispatchError('RESOURCE_EXHAUSTED', `${what} from this address: the limit of this service`);
}
