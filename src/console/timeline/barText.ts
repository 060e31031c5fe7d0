import { offsetAt } from '../../model/recurrence/localTime.js';
import type { ConsoleContext } from '../machine/consoleContext.js';
import { dispatchName } from './lanesOf.js';
import type { BarStyle } from './layoutLane.js';
import type { Interval } from './segment.js';
import type { BarAtPlace } from './timelineScene.js';

/** What a style of a bar means, as a reader wants to see it. */
export const styleNames: Readonly<Record<BarStyle, string>> = {
  running: 'running',
  dryRunning: 'dry run, running',
  planned: 'planned',
  done: 'delivered',
  dry: 'dry run',
  past: 'past',
  missed: 'missed',
  covered: 'covered by another',
  inactive: 'inactive',
};

/** A time in a zone to the second, such as `2026-03-02 11:00:00`. */
export function localText(atMs: number, offsetMs: number): string {
  return Number.isFinite(atMs) ? new Date(atMs + offsetMs).toISOString().slice(0, 19).replace('T', ' ') : 'without end';
}

/** What is known of the run of a bar, in one sentence. */
export function barPlaceText({ bar, lane }: BarAtPlace, { view }: ConsoleContext): string {
  const { segment } = bar;
  const { run } = segment;
  const whole = isPart({ bar }) ? `, of the run ${timesText(run, view.zone)}` : '';
  const what = `dispatch ${dispatchName(run.record)}, ${styleNames[bar.style]}`;
  return `${lane.title}: ${what}, ${timesText(segment, view.zone)}${whole}`;
}

/** Whether a bar is not all of its run. */
export function isPart({ bar: { segment } }: Pick<BarAtPlace, 'bar'>): boolean {
  return segment.startMs !== segment.run.startMs || segment.endMs !== segment.run.endMs;
}

/** The start and end of a time in a zone. */
export function timesText({ startMs, endMs }: Interval, zone: string): string {
  const text = (ms: number) => localText(ms, offsetAt(zone, ms));
  if (!Number.isFinite(endMs)) return `from ${text(startMs)} ${zone}, without end`;
  return `from ${text(startMs)} to ${text(endMs)} ${zone}`;
}
