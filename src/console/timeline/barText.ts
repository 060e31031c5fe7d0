import type { BarStyle } from './layoutLane.js';

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
