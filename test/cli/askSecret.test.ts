import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestService, type TestService } from '../../src/testing/startTestService.js';
import { describeWith } from '../support/describeWith.js';
import { runCli } from '../support/runCli.js';
import { dispatchProgram } from '../support/startCli.js';
import { missingTerminal, startTerminal } from '../support/startTerminal.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

let service: TestService;
const folder = temporaryFolder();
beforeAll(async () => {
  service = await startTestService({ authKey: 'the-key', signSecret: 'the-secret' });
});
afterAll(async () => {
  await service?.stop();
  folder[Symbol.dispose]();
});

function start(...words: string[]) {
  const asking = ['--url', service.address, '--auth-key', 'the-key', '--ask-secret'];
  const env = { NO_COLOR: '1', XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path };
  return startTerminal([process.execPath, dispatchProgram, ...words, ...asking], { env });
}

it('--ask-secret needs a terminal', async () => {
  const { code, stderr } = await runCli(['list', '1', '--auth-key', 'the-key', '--ask-secret']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: 'error: --ask-secret needs a terminal.\n' });
});

describeWith(missingTerminal(), '--ask-secret in a terminal', () => {
  it('asks, shows nothing of the secret, and calls with it', async () => {
    await using command = start('list', '1');
    await command.shows(`Secret for ${service.address}:`);
    command.type('the-secret\r');
    await command.shows('0 dispatches, 0 filtered out.');
    expect(await command.ended).toBe(0);
    expect(command.raw()).not.toContain('the-s');
  });

  it('takes no empty secret, lets it be corrected, and is refused with a wrong one', async () => {
    await using command = start('list', '1');
    await command.shows('Secret for');
    command.type('\r');
    await command.shows('It must not be empty.');
    command.type('wrnog\x7f\x7f\x7fong\r');
    await command.shows('UNAUTHENTICATED');
    expect(await command.ended).toBe(3);
    expect(command.raw()).not.toMatch(/wr|ong/);
  });

  it.each(['the-s\x03', '\x04'])('ends by %j as other programs do', async keys => {
    await using command = start('list', '1');
    await command.shows('Secret for');
    command.type(keys);
    expect(await command.ended).toBe(130);
    expect(await command.shows('interrupted')).not.toContain('error');
  });

  it('asks once at the start of a shell, whose commands all use it', async () => {
    await using shell = start('shell');
    await shell.shows('Secret for');
    shell.type('the-secret\r');
    await shell.shows('dispatch> ');
    shell.type('list 1\rlist 2\r');
    await shell.shows('0 dispatches, 0 filtered out.');
    await shell.shows('0 dispatches, 0 filtered out.');
    await shell.shows('dispatch> ');
    shell.type('exit\r');
    expect(await shell.ended).toBe(0);
  });

  it('asks for a command in a shell, which goes on as before, also when Ctrl-C ends it', async () => {
    await using shell = start('shell');
    await shell.shows('Secret for');
    shell.type('wrong\r');
    await shell.shows('dispatch> ');
    shell.type('list 1 --ask-secret\r');
    await shell.shows('Secret for');
    shell.type('the-secret\r');
    await shell.shows('0 dispatches, 0 filtered out.');
    await shell.shows('dispatch> ');
    shell.type('list 1 --ask-secret\r');
    await shell.shows('Secret for');
    shell.type('the-s\x03');
    await shell.shows('dispatch [130]> ');
    shell.type('list 1 --auth-key the-key\r');
    await shell.shows('UNAUTHENTICATED');
    await shell.shows('dispatch [3]> ');
    shell.type('whoami\r');
    await shell.shows('UNAUTHENTICATED');
    await shell.shows('dispatch [3]> ');
    // The line before: nothing of a secret is among them.
    shell.type('\x1b[A');
    await shell.shows('whoami');
    shell.type('\x1b[A\x1b[A');
    await shell.shows('list 1 --ask-secret');
    expect(shell.raw()).not.toContain('the-s');
    expect(readFileSync(join(folder.path, 'xstate-dispatch/shell-history'), 'utf8')).not.toContain('the-s');
  });
});
