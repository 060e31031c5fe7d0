import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { type PiecesOptions, playPieces } from './playPieces.js';

let folder: ReturnType<typeof temporaryFolder>;
/** What was played, with the seed. */
let played: string[];
let nowMs: number;

beforeEach(() => {
  folder = temporaryFolder();
  played = [];
  nowMs = 0;
});
afterEach(() => folder[Symbol.dispose]());

/** Four pieces, each of which takes some time and may fail or be interrupted. */
function play(
  options: Partial<PiecesOptions> & {
    readonly takesMs?: (name: string) => number;
    readonly fails?: string;
    readonly hangs?: string;
  } = {},
) {
  const { takesMs = () => 100, fails, hangs, ...rest } = options;
  const pieces = ['a', 'b', 'c', 'd'].map(name => ({
    name,
    async play(seed: number) {
      played.push(`${name} ${seed}`);
      nowMs += takesMs(name);
      if (name === hangs) await new Promise(() => {});
      if (name === fails) throw new Error('it failed');
    },
  }));
  const stateFile = join(folder.path, 'folder', 'state.json');
  return playPieces({ pieces, stateFile, version: '1', seed: 7, budgetMs: 1_000, nowMs: () => nowMs, ...rest });
}

it('plays all pieces when there is time, and begins anew after that', async () => {
  expect(await play()).toEqual({ seed: 7, done: 4, left: 0, failed: [] });
  expect(played).toEqual(['a 7', 'b 7', 'c 7', 'd 7']);
  expect(existsSync(join(folder.path, 'folder', 'state.json'))).toBe(false);
  expect(await play({ seed: 8 })).toEqual({ seed: 8, done: 4, left: 0, failed: [] });
});

it('goes on where it ended, with its seed', async () => {
  expect(await play({ budgetMs: 250 })).toEqual({ seed: 7, done: 2, left: 2, failed: [] });
  expect(await play({ budgetMs: 250, seed: 8 })).toEqual({ seed: 7, done: 4, left: 0, failed: [] });
  expect(played).toEqual(['a 7', 'b 7', 'c 7', 'd 7']);
});

it('begins no piece that would not end in time, going by the longest one, also of earlier runs', async () => {
  const takesMs = (name: string) => (name === 'a' ? 400 : 100);
  expect(await play({ budgetMs: 700, takesMs })).toMatchObject({ done: 1, left: 3 });
  expect(await play({ budgetMs: 550, takesMs })).toMatchObject({ done: 3, left: 1 });
  expect(await play({ budgetMs: 10, takesMs })).toMatchObject({ done: 4, left: 0 });
});

it('plays a piece again that was interrupted', async () => {
  void play({ hangs: 'b' });
  await expect.poll(() => played).toEqual(['a 7', 'b 7']);
  expect(await play({ seed: 8 })).toEqual({ seed: 7, done: 4, left: 0, failed: [] });
  expect(played).toEqual(['a 7', 'b 7', 'b 7', 'c 7', 'd 7']);
});

it('plays a piece again that failed, with the same seed, and the others meanwhile', async () => {
  expect(await play({ fails: 'b' })).toEqual({ seed: 7, done: 3, left: 1, failed: ['b'] });
  expect(await play({ fails: 'b', seed: 8 })).toEqual({ seed: 7, done: 3, left: 1, failed: ['b'] });
  expect(await play({ seed: 8 })).toEqual({ seed: 7, done: 4, left: 0, failed: [] });
  expect(played).toEqual(['a 7', 'b 7', 'c 7', 'd 7', 'b 7', 'b 7']);
});

it('begins anew with another version', async () => {
  await play({ budgetMs: 100 });
  expect(await play({ version: '2', seed: 8 })).toEqual({ seed: 8, done: 4, left: 0, failed: [] });
  expect(played).toEqual(['a 7', 'a 8', 'b 8', 'c 8', 'd 8']);
});
