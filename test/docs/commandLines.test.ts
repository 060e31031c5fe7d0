import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { dispatchProgram } from '../../src/cli/runCommand.js';
import { splitLine } from '../../src/cli/shell/splitLine.js';
import { projectRoot } from '../support/compiled.js';

const pages = ['README.md', ...readdirSync(join(projectRoot, 'docs')).map(name => `docs/${name}`)].filter(name =>
  name.endsWith('.md'),
);

/** The command lines of a page: in its blocks of the shell, and those that a transcript shows. */
function linesOf(page: string): string[] {
  const text = readFileSync(join(projectRoot, page), 'utf8');
  const blocks = [...text.matchAll(/^```(?:sh|sh run|console)\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks
    .flatMap(block => block.replace(/\\\n\s*/g, '').split('\n'))
    .flatMap(line => /^(?:\$ )?(?:npx )?dispatch (.*)$/.exec(line)?.[1] ?? []);
}

/** The arguments of a line: without what the shell takes for itself. */
function argumentsOf(line: string): readonly string[] {
  const quoted = `'[^']*'|"[^"]*"`;
  const [own = ''] = new RegExp(`^(?:${quoted}|[^'"|&;<>#]|(?<! )#)*`).exec(line.replace(/(?<=\s)\d?>.*$/, '')) ?? [];
  return splitLine(own.trim());
}

/** Parses a command line by the definition of the command, and does nothing. */
async function parse(args: readonly string[]): Promise<void> {
  const program = dispatchProgram(false).configureOutput({
    writeOut: () => {},
    writeErr: () => {},
    outputError: () => {},
  });
  const still = (command: Command) => {
    command.exitOverride().action(() => {});
    command.commands.forEach(still);
  };
  program.commands.forEach(still);
  await program.parseAsync(args, { from: 'user' });
}

describe('the command lines of the pages are valid', () => {
  it.each(pages.filter(page => linesOf(page).length > 0))('%s', async page => {
    const refused: string[] = [];
    for (const line of linesOf(page)) {
      await parse(argumentsOf(line)).catch(error => {
        // Help and version end with an error of the code 0.
        if (error.exitCode !== 0) refused.push(`dispatch ${line}: ${error.message}`);
      });
    }
    expect(refused).toEqual([]);
  });

  it('and a wrong one is found', async () => {
    await expect(parse(argumentsOf('list 1 --colums id'))).rejects.toThrow("unknown option '--colums'");
  });
});
