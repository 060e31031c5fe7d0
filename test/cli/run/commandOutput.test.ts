import { PassThrough } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CommandOutput } from '../../../src/cli/run/commandOutput.js';

/** Reads a text that comes in pieces. */
async function linesOf(pieces: readonly string[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  const read = new CommandOutput().read(stream, line => lines.push(line));
  for (const piece of pieces) {
    stream.write(piece);
    await setImmediate();
  }
  stream.end();
  await read;
  return lines;
}

it.each([
  [['a\nb\n'], ['a', 'b']],
  [
    ['a', 'b\nc'],
    ['ab', 'c'],
  ],
  [
    ['\r\n\n', '\n'],
    ['', '', ''],
  ],
  [[], []],
  [['ü\n'.repeat(3_000)], Array(3_000).fill('ü')],
])('reads %j by lines', async (pieces, lines) => {
  expect(await linesOf(pieces)).toEqual(lines);
});

it('cuts a line that is too long, says so, and goes on with the next one', async () => {
  const long = 'x'.repeat(100_000);
  expect(await linesOf([long, long, '\nnext\n', `${'y'.repeat(4_096)}\n`])).toEqual([
    `${'x'.repeat(4_096)}… (cut: the line is longer than 4096 characters)`,
    'next',
    'y'.repeat(4_096),
  ]);
});

it('lets other work go on while commands print without an end, and reads all of them', async () => {
  const output = new CommandOutput();
  const told = [0, 0];
  const streams = told.map((_, index) => {
    const stream = new PassThrough();
    void output.read(stream, () => {
      told[index] = (told[index] ?? 0) + 1;
    });
    const fill = () => {
      while (stream.write('y\n'.repeat(500)));
    };
    stream.on('drain', fill);
    fill();
    return stream;
  });
  // A timer would never be due while a stream that always has more is read.
  for (let turn = 0; turn < 5; turn += 1) await setTimeout(1);
  for (const stream of streams) stream.destroy();
  expect(Math.min(...told)).toBeGreaterThan(500);
});
