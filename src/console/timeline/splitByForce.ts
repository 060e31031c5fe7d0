import { sortInSlices } from '../kit/sortInSlices.js';
import type { PicturedRun, Segment } from './segment.js';

/** Number of runs after which it yields. */
const sliceSize = 1_024;

/**
 * Splits runs of one identity into the parts in which they are in force and those in which they are covered: of those that run at an instant,
 * the one whose run began last is in force, of equal ones that with the higher id. It yields between slices of the work.
 */
export function* splitByForce(runs: readonly PicturedRun[]): Generator<void, Segment[], void> {
  const ordered = yield* sortInSlices(runs, (a, b) => a.startMs - b.startMs || a.record.id - b.record.id);
  const inForce = new Map<PicturedRun, Segment[]>();
  const begun: PicturedRun[] = [];
  let sinceMs = Number.NEGATIVE_INFINITY;
  const advance = (untilMs: number) => {
    for (let last = begun.at(-1); last !== undefined && sinceMs < untilMs; last = begun.at(-1)) {
      const endMs = Math.min(last.endMs, untilMs);
      if (endMs > sinceMs) inForce.get(last)?.push({ run: last, startMs: sinceMs, endMs, isCovered: false });
      sinceMs = Math.max(sinceMs, endMs);
      if (last.endMs <= sinceMs) begun.pop();
    }
    sinceMs = untilMs;
  };
  for (const [index, run] of ordered.entries()) {
    if (index % sliceSize === sliceSize - 1) yield;
    advance(run.startMs);
    inForce.set(run, []);
    begun.push(run);
  }
  advance(Number.POSITIVE_INFINITY);
  const segments: Segment[] = [];
  for (const [index, run] of ordered.entries()) {
    if (index % sliceSize === sliceSize - 1) yield;
    for (const segment of withCovered(run, inForce.get(run) ?? [])) segments.push(segment);
  }
  return segments;
}

/** The parts of a run in order: those in force, and between them those in which it is covered. */
function withCovered(run: PicturedRun, parts: readonly Segment[]): Segment[] {
  // It starts and stops at once.
  if (run.endMs === run.startMs) return [{ run, startMs: run.startMs, endMs: run.endMs, isCovered: false }];
  const segments: Segment[] = [];
  let sinceMs = run.startMs;
  for (const part of parts) {
    if (part.startMs > sinceMs) segments.push({ run, startMs: sinceMs, endMs: part.startMs, isCovered: true });
    segments.push(part);
    sinceMs = part.endMs;
  }
  if (sinceMs < run.endMs) segments.push({ run, startMs: sinceMs, endMs: run.endMs, isCovered: true });
  return segments;
}
