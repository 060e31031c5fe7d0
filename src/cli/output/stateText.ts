import pc from 'picocolors';

import type { DispatchState } from '../../planning/dispatchState.js';

const COLOURS = {
  running: pc.green,
  waiting: pc.cyan,
  finished: pc.dim,
  inactive: pc.yellow,
  deleted: pc.red,
  invalid: pc.red,
};

/** The colour of a state. */
export function stateStyle({ name }: DispatchState): (text: string) => string {
  return COLOURS[name];
}

/** Formats a state in its colour. */
export function stateText(state: DispatchState): string {
  return stateStyle(state)(state.text);
}
