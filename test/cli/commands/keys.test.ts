import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../support/runCli.js';
import { dispatchProgram, startCli } from '../../support/startCli.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { expectRefusal } from './expectRefusal.js';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'keys.json');
});
afterEach(() => folder[Symbol.dispose]());

const keys = (...args: string[]) => runCli(['keys', ...args]);
const made = async (...args: string[]) => {
  const { code, stdout, stderr } = await keys(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};
const entries = () => JSON.parse(readFileSync(path, 'utf8')).keys;

describe('keys', () => {
  it('are made, rotated and revoked while a service runs, which takes them by itself and ends the streams of old ones', async () => {
    const first = await made('make', path, 'partner-a', '--microgrids', '1,2');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await using serve = startCli([
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--database',
      ':memory:',
      '--keys',
      path,
      '--json',
    ]);
    const { listening } = JSON.parse(await serve.line());
    const envOf = ({ key, secret }: { key: string; secret: string }) => ({
      DISPATCH_API_URL: listening,
      DISPATCH_API_AUTH_KEY: key,
      DISPATCH_API_SIGN_SECRET: secret,
    });
    const list = async (pair: { key: string; secret: string }, microgrid = '1') =>
      (await runCli(['list', microgrid], envOf(pair))).code;
    const reloaded = async () => {
      while (!(await serve.line('stderr')).includes('API keys were reloaded')) {}
    };
    expect([await list(first), await list(first, '3')]).toEqual([0, 3]);

    const second = await made('make', path, 'partner-a-2', '--microgrids', '1,2');
    await reloaded();
    expect([await list(first), await list(second)]).toEqual([0, 0]);
    await using watch = startCli(['watch', '1'], envOf(first));
    await watch.line('stderr');
    expect(await made('revoke', path, 'partner-a')).toEqual({ revoked: 'partner-a' });
    await reloaded();
    expect([await list(first), await list(second)]).toEqual([3, 0]);
    expect(await watch.ended).toMatchObject({ code: 3, stderr: expect.stringContaining('UNAUTHENTICATED') });

    const third = await made('rotate', path, 'partner-a-2');
    await reloaded();
    expect([await list(second), await list(third)]).toEqual([3, 0]);
    expect((await serve.stop()).code).toBe(0);
  });

  it('are listed with their rights, and without what is secret', async () => {
    const { key, secret } = await made('make', path, 'partner-a', '--microgrids', '1-2,2');
    const { stdout } = await keys(
      'make',
      path,
      'display',
      '--microgrids',
      'all',
      '--access',
      'read',
      '--audit',
      '--unsigned',
    );
    expect(stdout).toMatch(/^DISPATCH_API_AUTH_KEY=\S{43}\n$/);
    const listed = await keys('list', path);
    expect(listed.stdout).toBe('partner-a  microgrids 1, 2  write\ndisplay  all microgrids  read  audit  unsigned\n');
    expect(listed.stdout).not.toContain(key);
    expect(entries()[0]).toEqual({ name: 'partner-a', key, secret, microgrids: [1, 2] });
    expect((await keys('check', path)).stdout).toBe('2 keys; only their owner can read them.\n');
    chmodSync(path, 0o640);
    expectRefusal(await keys('check', path), 1, 'can be read by other users of this machine');
    // A change keeps the permissions.
    expect(statSync(path).mode & 0o777).toBe(0o640);
    chmodSync(path, 0o644);
    for (const args of [
      ['list', path],
      ['rotate', path, 'partner-a'],
      ['revoke', path, 'partner-a', '--json'],
    ]) {
      expect(await keys(...args)).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('restrict it (chmod o-r)'),
      });
    }
  });

  it('keep owner and permissions of the file, whatever the umask is, and a link to it', async () => {
    await made('make', path, 'a', '--microgrids', '1');
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(path, 65_534, 65_534);
    chmodSync(path, 0o640);
    const link = join(folder.path, 'link.json');
    symlinkSync(path, link);
    const umask = process.umask(0o077);
    try {
      await made('make', link, 'b', '--microgrids', '1');
    } finally {
      process.umask(umask);
    }
    expect(entries().map(({ name }: { name: string }) => name)).toEqual(['a', 'b']);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    const { mode, uid, gid } = statSync(path);
    expect({ mode: mode & 0o777, uid, gid }).toEqual({
      mode: 0o640,
      uid: isRoot ? 65_534 : process.getuid?.(),
      gid: isRoot ? 65_534 : process.getgid?.(),
    });
  });

  it('are not in force when nobody can read them', async () => {
    await made('make', path, 'a', '--microgrids', '1');
    const before = readFileSync(path, 'utf8');
    for (const args of [
      ['rotate', path, 'a'],
      ['make', path, 'b', '--microgrids', '1'],
    ]) {
      const full = spawnSync(
        'sh',
        ['-c', '"$@" >/dev/full', 'sh', process.execPath, dispatchProgram, 'keys', ...args],
        {
          encoding: 'utf8',
        },
      );
      expect(full.status).toBe(1);
      expect(full.stderr).toMatch(/^error: [^\n]* stays as it was: stdout cannot be written: ENOSPC[^\n]*\n$/);
    }
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  it('leave the file as it was when a change is refused', async () => {
    await made('make', path, 'a', '--microgrids', '1');
    const before = readFileSync(path, 'utf8');
    expectRefusal(await keys('make', path, 'a', '--microgrids', '1'), 1, 'already has a key a.');
    expectRefusal(
      await keys('make', path, 'b b', '--microgrids', '1'),
      2,
      "argument 'name'. It must be a string of 1 to 64 letters",
    );
    expectRefusal(await keys('rotate', path, 'c'), 1, 'has no key c.');
    expectRefusal(await keys('revoke', path, 'c'), 1, 'has no key c.');
    expectRefusal(await keys('revoke', `${path}.none`, 'c'), 2, `There is no file ${path}.none.`);
    const message = "'--microgrids <ids>' argument 'x' is invalid. It must be ids, such as 1,2 or 1-3, or all.";
    expectRefusal(await keys('make', path, 'd', '--microgrids', 'x'), 2, message);
    writeFileSync(`${path}.new`, '');
    expectRefusal(await keys('revoke', path, 'a'), 1, 'Another change is being made, or was interrupted');
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('are not made in a file that is invalid, whose content is not told', async () => {
    writeFileSync(path, '{"keys":[{"name":"a","key":"tell-nobody"}]}');
    const result = await keys('make', path, 'b', '--microgrids', '1');
    expectRefusal(result, 1, 'keys[0].microgrids: must be "all" or a list of microgrid ids');
    expect(result.stderr).not.toContain('tell-nobody');
    expect(existsSync(`${path}.new`)).toBe(false);
    expectRefusal(await keys('list', join(folder.path, 'none')), 2, 'The file of keys cannot be read');
  });
});
