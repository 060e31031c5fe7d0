import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { runCli } from '../support/runCli.js';

const page = readFileSync('docs/local-time.md', 'utf8');
const consoles = [...page.matchAll(/```console\n\$ dispatch (?<command>.*)\n(?<output>[^`]+)```/g)].map(
  ({ groups }) => groups ?? {},
);

describe('the page on local time', () => {
  it('has examples', () => expect(consoles).toHaveLength(2));

  it.each(consoles)('shows what is printed by dispatch $command', async ({ command = '', output = '' }) => {
    const { code, stdout, stderr } = await runCli(command.split(' '));
    expect(code).toBe(0);
    const notes = output.split('\n').filter(line => line.startsWith('note:'));
    const others = output.split('\n').filter(line => !line.startsWith('note:'));
    expect(stderr.trimEnd().split('\n').filter(Boolean)).toEqual(notes);
    // The examples lie in 2027; later they are over, and only what the group consists of is shown.
    const isOver = Date.now() > Date.parse('2027-03-26');
    const compared = (lines: string[]) => (isOver ? lines.filter(line => line.startsWith('    from')) : lines);
    expect(compared(stdout.split('\n'))).toEqual(compared(others));
  });
});
