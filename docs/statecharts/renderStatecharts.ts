import { instance } from '@viz-js/viz';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import { statechartDot } from './statechartDot.js';

/** A picture of a machine, and where it belongs. */
export interface Statechart {
  readonly file: URL;
  readonly svg: string;
}

/** Draws the statecharts of the machines as their files have them; byte for byte the same on every computer. */
export async function renderStatecharts(): Promise<Statechart[]> {
  const viz = await instance();
  return [dispatchMachine, dispatcherMachine].map(machine => ({
    file: new URL(`../${machine.id}Machine.svg`, import.meta.url),
    svg: viz.renderString(statechartDot(machine), { format: 'svg' }),
  }));
}
