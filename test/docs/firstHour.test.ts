import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { splitLine } from '../../src/cli/shell/splitLine.js';
import { startTestService } from '../../src/testing/startTestService.js';
import { projectRoot } from '../support/compiled.js';
import { runCli } from '../support/runCli.js';

/** The lines of the blocks that are to be run. */
function linesOf(page: string): string[] {
  const text = readFileSync(join(projectRoot, page), 'utf8');
  return [...text.matchAll(/^```sh run\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.trim().split('\n'));
}

it.each(['docs/first-hour.md', 'docs/recipes.md'])('the commands of %s do what they say', async page => {
  await using service = await startTestService();
  const lines = linesOf(page);
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) {
    const { code, stderr } = await runCli(splitLine(line.replace(/^dispatch /, '')), {
      DISPATCH_API_URL: service.address,
    });
    expect({ line, code, stderr: stderr.replace(/^note: .*\n/gm, '') }).toEqual({ line, code: 0, stderr: '' });
  }
});
