import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { dispatchProgram } from '../support/startCli.js';

/** As for a user without an entry in the list of users, such as that of a unit of systemd with `DynamicUser`. */
const NO_HOME = `
  import os from 'node:os';
  import { syncBuiltinESMExports } from 'node:module';
  const { homedir } = os;
  os.homedir = () => {
    if (process.env.HOME === undefined) throw new Error('uv_os_homedir returned ENOENT');
    return homedir();
  };
  syncBuiltinESMExports();
`;

it('the command works for a user without a home', () => {
  const { HOME: _, ...env } = process.env;
  const noHome = `data:text/javascript,${encodeURIComponent(NO_HOME)}`;
  const args = ['--import', noHome, dispatchProgram, 'serve', '--help'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('dispatches.db');
});
