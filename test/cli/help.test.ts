import type { EventEmitter } from 'node:events';
import type { Command, Option } from 'commander';
import { afterEach, describe, expect, it } from 'vitest';
import { wrapHelp } from '../../src/cli/output/wrapHelp.js';
import { dispatchProgram } from '../../src/cli/runCommand.js';
import { runCli } from '../support/runCli.js';

const { isTTY, columns } = process.stdout;
afterEach(() => Object.assign(process.stdout, { isTTY, columns }));

/** The help of a command in a terminal of a width; null: no terminal. */
async function helpAt(width: number | null, ...words: string[]): Promise<string> {
  Object.assign(process.stdout, { isTTY: width !== null, columns: width ?? undefined });
  const { code, stdout, stderr } = await runCli([...words, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** All commands, with those within others. */
async function commandNames(): Promise<string[][]> {
  const named = async (...path: string[]) => {
    const [, list = ''] = /^Commands:\n((?: {2}.*\n)+)/m.exec(await helpAt(200, ...path)) ?? [];
    return [...list.matchAll(/^ {2}([\w-]+)/gm)]
      .map(([, name = '']) => [...path, name])
      .filter(([name]) => name !== 'help');
  };
  return [...(await named()), ...(await named('keys'))];
}

/** Also JSON, heads of examples, continued lines, and words that are too long by themselves. */
function isExample(line: string): boolean {
  return /^ +(?:\$|\{|--|.*:$)/.test(line) || !line.trim().includes(' ');
}

describe('the help of each command', () => {
  it('fits the width, in whole words, but for examples', async () => {
    const names = [[], ...(await commandNames())];
    expect(names.length).toBeGreaterThan(25);
    for (const width of [40, 80, 200, null]) {
      for (const name of names) {
        const help = await helpAt(width, ...name);
        const tooLong = help.split('\n').filter(line => line.length > (width ?? 80) && !isExample(line));
        expect(tooLong, `${name} at ${width}`).toEqual([]);
        expect(help).not.toContain('\u001b[');
      }
    }
  });

  it('has an example, but within keys, where those of keys are', async () => {
    for (const name of await commandNames()) {
      const help = await helpAt(80, ...(name[0] === 'keys' ? ['keys'] : name));
      expect(help, name.join(' ')).toMatch(new RegExp(`\\$.*dispatch ${name[0]}\\b`));
    }
  });
});

describe('each option', () => {
  /** Options without an example: in the examples of its command, or values in its own text. */
  function withoutExample(command: Command, before = ''): string[] {
    let text = '';
    // Commander is an emitter, which its types leave out.
    const write = (part: string) => {
      text += part;
    };
    (command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write });
    const examples = before + (text.split(/^Examples:\n/m)[1] ?? '');
    const isShown = ({ long, short, description, required, optional, argChoices }: Option) => {
      if (examples.includes(`${long}`) || (short !== undefined && examples.includes(`${short} `))) return true;
      const isTold = /such as|: 1,2|\(default: |'.+'|true|, .+ or .+|of [a-z]+, /.test(description);
      return (required || optional) && (isTold || argChoices !== undefined);
    };
    const own = command.options.filter(option => !option.hidden && option.long !== '--version' && !isShown(option));
    return [
      ...own.map(({ flags }) => `${command.name()} ${flags}`),
      ...command.commands.flatMap(inner => withoutExample(inner, command.parent === null ? '' : examples)),
    ];
  }

  it('has an example, but the one that no example should show', () => {
    expect(withoutExample(dispatchProgram(false))).toEqual(['serve --insecure']);
  });
});

describe('a help text', () => {
  it('has the text of an option below it where there is no room beside it', () => {
    const text = '  --long <name>   what it is for\n  -s              short\n  $ an example    of this\n';
    expect(wrapHelp(text, 22)).toBe(
      '  --long <name>\n      what it is for\n  -s\n      short\n  $ an example    of this\n',
    );
  });

  it('has the text of a short name beside it also where it needs several lines', () => {
    expect(wrapHelp('  1  the first of some texts\n', 16)).toBe('  1  the first\n     of some\n     texts\n');
  });

  it('is wrapped by paragraphs', () => {
    expect(wrapHelp('One two three\nfour.\n\nHead:\n  $ an example that is long\nFive six\n', 10)).toBe(
      'One two\nthree\nfour.\n\nHead:\n  $ an example that is long\nFive six\n',
    );
  });
});
