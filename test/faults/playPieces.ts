import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A part of a long run. */
export interface Piece {
  readonly name: string;
  /** @throws Error when it fails; it is played again then. */
  play(seed: number): Promise<void>;
}

/** A run of pieces that goes on where it ended. */
export interface PiecesOptions {
  readonly pieces: readonly Piece[];
  /** The file that keeps how far the run has come. Without it, or when what is in it is about another version, it begins anew. */
  readonly stateFile: string;
  /** Tells the program under test from others: a run is about one version. */
  readonly version: string;
  /** The seed of a run that begins. One that goes on keeps its own. */
  readonly seed: number;
  /** No piece is begun that would take longer than until then, as far as the pieces before it tell. The first one always is. */
  readonly budgetMs: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly nowMs: () => number;
}

/** How far a run has come. */
export interface PiecesProgress {
  readonly seed: number;
  /** Pieces that were played before, or now. */
  readonly done: number;
  /** Pieces that are left, those that failed among them. */
  readonly left: number;
  /** The names of pieces that failed now. */
  readonly failed: readonly string[];
}

interface RunState {
  readonly version: string;
  readonly seed: number;
  /** The names of pieces that were played to their end and did not fail. */
  done: string[];
  longestMs: number;
}

/**
 * Plays the pieces of a run that are left, for as long as the budget lasts. A piece that was interrupted or has failed is
 * played again the next time, with the same seed. When none is left the file is removed, and the next run begins anew.
 */
export async function playPieces(options: PiecesOptions): Promise<PiecesProgress> {
  const { pieces, stateFile, version, seed, budgetMs, nowMs } = options;
  const state = readState(stateFile, version) ?? { version, seed, done: [], longestMs: 0 };
  // The seed counts from now on, also when the first piece is interrupted.
  writeState(stateFile, state);
  const failed: string[] = [];
  const beganMs = nowMs();
  let played = 0;
  for (const { name, play } of pieces) {
    if (state.done.includes(name)) continue;
    const startMs = nowMs();
    if (played > 0 && startMs - beganMs + state.longestMs > budgetMs) break;
    played += 1;
    try {
      await play(state.seed);
      state.done.push(name);
    } catch {
      failed.push(name);
    }
    state.longestMs = Math.max(state.longestMs, nowMs() - startMs);
    writeState(stateFile, state);
  }
  const done = pieces.filter(({ name }) => state.done.includes(name)).length;
  const left = pieces.length - done;
  if (left === 0) rmSync(stateFile);
  return { seed: state.seed, done, left, failed };
}

function readState(file: string, version: string): RunState | null {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as RunState;
    return state.version === version ? state : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Replaces the file at once, so that an interruption leaves the old one or the new one. */
function writeState(file: string, state: RunState): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}
