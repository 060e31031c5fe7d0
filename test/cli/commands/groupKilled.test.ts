import { describe, expect, it } from 'vitest';

import { DispatchClient } from '../../../src/client/dispatchClient.js';
import { groupOf } from '../../../src/planning/groups/group.js';
import { startCli } from '../../support/startCli.js';
import { dispatchJson, serviceEnv, useCommandService } from './commandService.js';

useCommandService();

/** 21 dispatches: the eleven stretches of five years, and the ten nights in which the clock changes. */
const PLAN = ['2030-12-01', '-f', 'daily', '--by-hour', '22', '--by-minute', '0', '--to', '06:00'];
const ZONE = ['--time-zone', 'Europe/Berlin', '--until', '2035-11-30'];

/** Starts a command and kills it (SIGKILL) after a number of its writes. Returns how many dispatches are marked then. */
async function killed(microgridId: number, writes: number, ...args: string[]): Promise<number> {
  const { DISPATCH_API_URL: address, ...env } = serviceEnv();
  const [authKey, signSecret] = [env.DISPATCH_API_AUTH_KEY, env.DISPATCH_API_SIGN_SECRET];
  await using client = new DispatchClient({ address, authKey, signSecret });
  const microgrid = client.forMicrogrid(microgridId);
  const changes = microgrid.watchRecords()[Symbol.asyncIterator]();
  let next = changes.next();
  // The stream is open when the service lists, because it began before.
  for await (const _ of microgrid.list()) break;
  await using command = startCli(args, serviceEnv());
  for (let seen = 0; seen < writes; seen += 1) {
    await next;
    next = changes.next();
  }
  await command.stop('SIGKILL');
  next.catch(() => {});
  let marked = 0;
  for await (const { payload } of microgrid.list()) if (groupOf(payload)?.step != null) marked += 1;
  return marked;
}

describe.concurrent('a command that is killed (kill -9) amid its writes', () => {
  it('a creation is undone by check', async () => {
    const args = ['create', '1', 'CHARGE', '1', ...PLAN, ...ZONE];
    expect(await killed(1, 5, ...args)).toBe(1);
    expect(await dispatchJson('list', '1')).not.toHaveLength(0);
    const [checked] = await dispatchJson('check', '1');
    expect(checked.text).toMatch(/^The creation of group \w+ was broken off; its dispatches .* are deleted now\.$/);
    expect(await dispatchJson('list', '1')).toEqual([]);
  });

  it('another time is finished by the next command on the group', async () => {
    const [{ group, dispatches }] = await dispatchJson('create', '2', 'CHARGE', '1', ...PLAN, ...ZONE);
    expect(dispatches).toHaveLength(21);
    const change = ['-f', 'daily', '--by-hour', '21', '--by-minute', '30'];
    expect(await killed(2, 5, 'update', '2', group.id, ...change)).toBe(1);
    await dispatchJson('resume', '2', group.id);
    const [after] = await dispatchJson('get', '2', group.id);
    expect(after.group.rule).toMatchObject({ byHours: [21], byMinutes: [30] });
    expect(after.dispatches.map(({ id }: { id: number }) => id).sort()).toEqual(
      dispatches.map(({ id }: { id: number }) => id).sort(),
    );
    expect(await dispatchJson('check', '2')).toMatchObject([{ outcome: 'ok' }]);
  });

  it('a deletion is finished', async () => {
    const [{ group }] = await dispatchJson('create', '3', 'CHARGE', '1', ...PLAN, ...ZONE);
    expect(await killed(3, 5, 'delete', '3', group.id)).toBe(1);
    await dispatchJson('check', '3');
    expect(await dispatchJson('list', '3')).toEqual([]);
  });
});
