import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { DispatchClient } from '../../../src/client/dispatchClient.js';
import { groupOf, type PendingStep, withGroup } from '../../../src/planning/groups/group.js';
import { runCli } from '../../support/runCli.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { dispatchJson, serviceEnv, useCommandService } from './commandService.js';

useCommandService();

const run = (...args: string[]) => runCli(args, serviceEnv());

/** Creates a group of three dispatches, of which one has the mark of a step that was broken off. */
async function groupWith(microgridId: number, step: PendingStep) {
  const rule = ['-f', 'daily', '--by-hour', '8', '--time-zone', 'Europe/Berlin', '--until', '2031-11-30'];
  const plan = ['create', `${microgridId}`, 'CHARGE', '1', '2030-12-01', '1h', ...rule];
  const [{ group, dispatches }] = await dispatchJson(...plan);
  const [{ id, payload }] = dispatches;
  const part = groupOf(payload);
  if (part === null) throw new Error('it is no group');
  const { DISPATCH_API_URL: address, ...env } = serviceEnv();
  const [authKey, signSecret] = [env.DISPATCH_API_AUTH_KEY, env.DISPATCH_API_SIGN_SECRET];
  await using client = new DispatchClient({ address, authKey, signSecret });
  const marked = withGroup(payload, { ...part, step, by: '00000000' });
  await client.forMicrogrid(microgridId).update(id, { payload: marked });
  const ids = dispatches.map((found: { id: number }) => found.id) as number[];
  return { id: group.id as string, first: id as number, ids };
}

describe.concurrent('a step that was broken off', () => {
  it('is only told by commands that only show', async () => {
    const { id, ids } = await groupWith(1, 'delete');
    const before = await dispatchJson('export', '1');
    const told =
      `note: The step 'delete' of group ${id} is not done: a command is at it, or was broken off. ` +
      `The next command that changes the group first deletes its dispatches ${ids.join(', ')}.\n`;
    for (const args of [
      ['get', '1', id],
      ['preview', '--microgrid', '1', '--id', id],
      ['update', '1', id, '--duration', '2h', '--dry'],
      ['pause', '1', id, '--dry'],
      ['resume', '1', id, '--dry'],
      ['skip', '1', id, '--dry'],
    ]) {
      expect(await run(...args)).toMatchObject({ code: 0, stderr: expect.stringContaining(told) });
    }
    expect(await dispatchJson('export', '1')).toEqual(before);
    const changed = await run('pause', '1', id);
    expect(changed.stderr).toContain('was broken off; its dispatches');
    expect(await dispatchJson('list', '1')).toEqual([]);
  });

  it('of an update is told as one that is finished', async () => {
    const { id } = await groupWith(2, 'update');
    expect((await run('get', '2', id)).stderr).toBe(
      `note: The step 'update' of group ${id} is not done: a command is at it, or was broken off. The next command that changes the group first finishes it.\n`,
    );
  });

  it('is told by an export, and left out by an import, which says so', async () => {
    const { id } = await groupWith(3, 'delete');
    const { stdout, stderr, code } = await run('export', '3');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `note: The step 'delete' of group ${id} is not done: a command is at it, or was broken off, and 'dispatch check' finishes or undoes it.\n`,
    });
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.jsonl');
    writeFileSync(file, stdout);
    const again = await dispatchJson('import', '3', file);
    expect(again.map(({ step }) => step)).toEqual(['present', 'present', 'present']);
    const { stderr: said } = await run('import', '4', file);
    expect(said.match(/^note: .*was not done.*$/gm)).toEqual([
      expect.stringMatching(`the step 'delete' of group ${id} was not done where this comes from: that is left out$`),
    ]);
    expect(await dispatchJson('check', '4')).toMatchObject([{ group: id, outcome: 'ok' }]);
    expect(await dispatchJson('list', '4')).toHaveLength(3);
  });

  it('leaves dispatches of an import that are otherwise, which are named', async () => {
    const { id } = await groupWith(5, 'update');
    const lines = await dispatchJson('export', '5');
    lines[1].durationMs = 7_200_000;
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.jsonl');
    writeFileSync(file, lines.map(line => JSON.stringify(line)).join('\n'));
    expect((await run('import', '6', file, '--dry')).stderr).toContain(
      `group ${id} is not what its rule means: line 2 differs in durationMs; after the import 'dispatch check' repairs it\n`,
    );
  });
});
