import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/input/usageError.js';
import { quoteWord, splitLine, splitPart } from '../../../src/cli/shell/splitLine.js';

describe('a line of the shell', () => {
  const lines = [
    'list 1',
    '  list   1  ',
    "create 1 A BATTERY 'in 1 hour' 1h",
    `create 1 A 1 now -p '{"a": "it'\\''s"}'`,
    'create 1 A 1 now -p "{\\"a\\": 1, \\"b\\": \\"\\\\\\\\\\"}"',
    'a\'b\'c"d"',
    'a\\ b \\"c\\\'',
    '\'\' "" x',
    'get 1 1..3\t7,9',
  ];

  it('is split as a POSIX shell does', () => {
    for (const line of lines) {
      const words = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
        .split('\0')
        .slice(0, -1);
      expect(splitLine(line)).toEqual(words);
    }
  });

  it.each(["list 'x", 'list "x', 'list \'a"'])('with an open quote is refused: %s', line =>
    expect(() => splitLine(line)).toThrow(UsageError),
  );

  it('is the words that were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), words => {
        expect(splitLine(words.map(quoteWord).join(' '))).toEqual(words);
      }),
    );
  });

  it('tells what of it is being typed', () => {
    expect(splitPart('list 1 --ty')).toEqual({
      words: ['list', '1', '--ty'],
      isInWord: true,
      lastStart: 7,
      openQuote: undefined,
    });
    expect(splitPart('list ')).toMatchObject({ words: ['list'], isInWord: false, lastStart: 5 });
    expect(splitPart("list 1 -T 'A b")).toMatchObject({
      words: ['list', '1', '-T', 'A b'],
      lastStart: 10,
      openQuote: "'",
    });
  });
});
