import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDispatchService } from '../../../src/service/index.js';
import { keysFile } from '../../support/keysFile.js';
import { runCli } from '../../support/runCli.js';
import { startCli } from '../../support/startCli.js';
import { expectRefusal } from './expectRefusal.js';

let keys: ReturnType<typeof keysFile>;
let service: Awaited<ReturnType<typeof startDispatchService>>;
beforeAll(async () => {
  keys = keysFile([
    { name: 'planner', key: 'p', secret: 's', microgrids: [1, 2] },
    { name: 'auditor', key: 'a', secret: 't', microgrids: 'all', access: 'read', audit: true },
  ]);
  service = await startDispatchService({ keys: keys.path });
});
afterAll(async () => {
  await service.stop({ now: true });
  keys[Symbol.dispose]();
});

const env = (key: string, secret: string) => ({
  DISPATCH_API_URL: service.address,
  DISPATCH_API_AUTH_KEY: key,
  DISPATCH_API_SIGN_SECRET: secret,
});
const plan = (...args: string[]) => runCli(args, env('p', 's'));
const check = (...args: string[]) => runCli(args, env('a', 't'));

describe('audit', () => {
  it('prints who changed what, from what to what, and why', async () => {
    await plan('create', '1', 'CHARGE', '4', 'in 1 hour', '1h', '--note', 'für Montag');
    await plan('update', '1', '1', '--duration', '2h', '--active', 'false');
    await plan('update', '1', '1', '--note', 'nothing but a wish', '--active', 'false');
    await plan('delete', '1', '1', '--note', 'a mistake');
    const { code, stdout, stderr } = await check('audit', '1', '--oldest-first');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/gm, 'TIME').split('\n')).toEqual([
      'TIME  planner  1 CHARGE  created  “für Montag”',
      'TIME  planner  1 CHARGE  updated: duration 1h → 2h, active true → false',
      'TIME  planner  1 CHARGE  updated  “nothing but a wish”',
      'TIME  planner  1 CHARGE  deleted  “a mistake”',
      '4 changes.',
      '',
    ]);
    expect((await check('audit', '1', '--limit', '3')).stdout).toContain('\nThe first 3 changes.\n');
    expect((await check('audit', '1', '--limit', '1')).stdout).toContain('\nThe first 1 change.\n');
    expect((await check('audit', '1', '--limit', '4')).stdout).toContain('\n4 changes.\n');
    const json = await check('audit', '1', '--json', '--limit', '1', '--dispatch-ids', '1', '--key', 'planner');
    expect(JSON.parse(json.stdout)).toMatchObject({ seq: 4, note: 'a mistake', after: null, before: { id: 1 } });
    expect((await check('audit', '1', '--to', 'yesterday')).stdout).toBe('0 changes.\n');
  });

  it('prints changes as they are made', async () => {
    await using following = startCli(['audit', '2', '--follow', '--json'], env('a', 't'));
    const line = following.line();
    // Until the stream is open, changes are made before it.
    let made = 0;
    const making = setInterval(() => {
      made += 1;
      void plan('create', '2', 'CHARGE', '4', 'in 1 hour');
    }, 300);
    expect(JSON.parse(await line)).toMatchObject({ method: 'CreateMicrogridDispatch', keyName: 'planner' });
    clearInterval(making);
    expect(made).toBeGreaterThan(0);
    expect((await following.stop()).code).toBe(0);
  });

  it('is refused without the right, and a note that is too long before it is sent', async () => {
    expectRefusal(await plan('audit', '1'), 3, 'the API key may not read the audit');
    const long = ['create', '1', 'A', '1', 'now', '--note', 'x'.repeat(501)];
    expectRefusal(await plan(...long), 2, 'The note must have at most 500 bytes in UTF-8, not 501.');
  });
});

describe('whoami', () => {
  it('prints the rights of the key', async () => {
    expect((await plan('whoami')).stdout).toMatch(
      /^planner\nmay read, change microgrids 1, 2\nthe clock of the service is \S+ (ahead|behind)\n$/,
    );
    const { stdout } = await check('whoami', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      keyName: 'auditor',
      microgrids: 'all',
      mayWrite: false,
      mayReadAudit: true,
    });
  });
});
