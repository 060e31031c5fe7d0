import { beforeAll, describe, expect, it } from 'vitest';
import { startTestService } from '../../../src/testing/startTestService.js';
import { builtConsole } from '../../console/builtConsole.js';
import { runCli } from '../../support/runCli.js';
import { startCli } from '../../support/startCli.js';

beforeAll(builtConsole);

describe('console', () => {
  it('prints a link, another one when it was used, and ends on SIGINT', async () => {
    await using service = await startTestService();
    await using command = startCli(['console', '--url', service.address, '--no-open', '--microgrid', '1,3']);
    const [, origin, code] = /^console: (http:\/\/127\.0\.0\.1:\d+)\/#code=(.+)$/.exec(await command.line()) ?? [];
    const exchange = (given: string) =>
      fetch(`${origin}/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: String(origin) },
        body: JSON.stringify({ code: given }),
      });
    expect(await (await exchange(String(code))).json()).toMatchObject({ microgrids: [1, 3], service: service.address });
    expect((await exchange(String(code))).status).toBe(401);
    const [, next = ''] = /^opened; for another tab: .*#code=(.+)$/.exec(await command.line()) ?? [];
    expect((await exchange(next)).status).toBe(200);
    expect(await command.stop('SIGINT')).toMatchObject({ code: 0, stderr: '' });
  });

  it('prints the links as JSON, and opens nothing without a display', async () => {
    await using service = await startTestService();
    await using command = startCli(['console', '--url', service.address, '--json'], { DISPLAY: '' });
    expect(JSON.parse(await command.line())).toEqual({ url: expect.stringMatching(/^http:.*#code=/) });
    await using other = startCli(['console', '--url', service.address], { DISPLAY: '', WAYLAND_DISPLAY: '' });
    expect(await other.line('stderr')).toBe('there is no browser here that could be opened: open the link yourself');
  });

  it.each<[string, string[], number, RegExp]>([
    ['an address that others can reach', ['--listen', '0.0.0.0:0'], 2, /the console is for this machine/],
    ['an address that is none', ['--listen', 'here'], 2, /'here' is not HOST:PORT/],
    ['ids that are none', ['--microgrid', 'x'], 2, /x/],
    ['a key that is refused', ['--auth-key', 'other'], 3, /UNAUTHENTICATED/],
    ['a service that is not there', ['--url', 'grpc://127.0.0.1:1?ssl=false'], 4, /grpc:\/\/127\.0\.0\.1:1/],
  ])('refuses %s', async (_, args, code, message) => {
    await using service = await startTestService({ authKey: 'key', signSecret: 'secret' });
    const access = ['--url', service.address, '--auth-key', 'key', '--sign-secret', 'secret'];
    const result = await runCli(['console', ...access.filter((_, i) => !args.includes(access[i & ~1] ?? '')), ...args]);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
  });
});

describe('serve --console', () => {
  it('serves the page beside the calls, and needs --web', async () => {
    const at = ['--listen', '127.0.0.1:0', '--database', ':memory:'];
    await using command = startCli(['serve', ...at, '--web', '0', '--console', '--json']);
    const { web } = JSON.parse(await command.line());
    expect(await (await fetch(`${web}/`)).text()).toContain('<title>Dispatch console</title>');
    expect(await (await fetch(`${web}/console.json`)).json()).toEqual({ signIn: 'none' });
    expect(await runCli(['serve', ...at, '--console'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--console needs --web'),
    });
  });
});
