import type { DispatchState } from '../../planning/dispatchState.js';
import { pc } from './colours.js';

const COLOURS = {
  running: 'green',
  waiting: 'cyan',
  finished: 'dim',
  inactive: 'yellow',
  deleted: 'red',
  invalid: 'red',
  incomplete: 'red',
} as const;

/** The colour of a state. */
export function stateStyle({ name }: DispatchState): (text: string) => string {
  return pc[COLOURS[name]];
}

/** Formats a state in its colour. */
export function stateText(state: DispatchState): string {
  return stateStyle(state)(state.text);
}
