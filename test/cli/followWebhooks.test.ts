import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { type DispatchService, startDispatchService } from '../../src/service/startDispatchService.js';
import { runCli } from '../support/runCli.js';
import { startCli } from '../support/startCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { webhookReceiver } from '../support/webhookReceiver.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let service: DispatchService;
beforeAll(async () => {
  service = await startDispatchService();
});
afterAll(() => service.stop({ now: true }));

it('follow --webhook sends what it prints, and what it could not send after kill -9', async () => {
  using folder = temporaryFolder();
  const [store, secretFile] = [join(folder.path, 'store.db'), join(folder.path, 'hook.secret')];
  writeFileSync(secretFile, `${secret}\n`);
  chmodSync(secretFile, 0o600);
  await using client = new DispatchClient({ address: service.address });
  let isAway = true;
  await using receiver = await webhookReceiver(response => response.writeHead(isAway ? 503 : 204).end());
  const args = ['follow', '1', '--json', '--store', store, '--url', service.address];
  args.push('--webhook', receiver.url, '--webhook-secret-file', secretFile);
  await using first = startCli(args);
  await first.line('stderr');
  const { id } = await client.create({
    microgridId: 1,
    type: 'A',
    startTime: 'NOW',
    durationMs: null,
    selector: { ids: [1] },
  });
  expect(JSON.parse(await first.line())).toMatchObject({ notification: 'running.started', id });
  const { origin } = new URL(receiver.url);
  expect(await first.line('stderr')).toBe(
    `problem: the webhook of ${origin} cannot be sent: it answers 503; it is tried again`,
  );
  const [refused] = receiver.received;
  // It is saved with the start, within a second or so.
  await new Promise(resolve => setTimeout(resolve, 2_500));
  await first.stop('SIGKILL');
  isAway = false;
  const before = receiver.received.length;

  await using second = startCli(args);
  expect(await second.line('stderr')).toBe('restored 1 dispatch from the store');
  await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(before + 2);
  const [sent, resumed] = receiver.received.slice(before);
  expect(sent?.headers['webhook-id']).toBe(refused?.headers['webhook-id']);
  expect(sent?.text).toBe(refused?.text);
  expect(resumed?.body).toMatchObject({ type: 'running.resumed', data: { id, microgridId: 1 } });
  expect((await second.stop()).code).toBe(0);
});

it('follow --webhook takes its secret from the environment, and says what is lost without a store', async () => {
  await using receiver = await webhookReceiver(response => response.writeHead(500).end());
  const args = ['follow', '2', '--url', service.address, '--webhook', receiver.url];
  await using client = new DispatchClient({ address: service.address });
  await client.create({ microgridId: 2, type: 'A', startTime: 'NOW', durationMs: null, selector: { ids: [1] } });
  await using following = startCli(args, { DISPATCH_WEBHOOK_SECRET: secret });
  await receiver.next();
  const { code, stderr } = await following.stop();
  expect(code).toBe(0);
  expect(stderr).toContain('1 webhooks were not sent; with --store they would be sent later\n');
  expect(stderr).not.toContain(secret);
});

it.each([
  [['--webhook', 'https://plant.example/hook'], {}, '--webhook needs a secret: give --webhook-secret-file, or'],
  [
    ['--webhook', 'plant.example'],
    { DISPATCH_WEBHOOK_SECRET: secret },
    '--webhook: url must be an https or http address',
  ],
  [['--webhook', 'http://h/'], { DISPATCH_WEBHOOK_SECRET: 'swordfish' }, '--webhook: a webhook secret must be whsec_'],
  [['--webhook-secret-file', 'x'], {}, '--webhook-secret-file needs --webhook.'],
  [['--keep-history', '30d'], {}, '--keep-history needs --store.'],
] as const)('follow refuses %j', async (args, env, message) => {
  const { code, stderr } = await runCli(['follow', '1', '--url', service.address, ...args], env);
  expect(stderr).toContain(`error: ${message}`);
  expect(stderr).not.toContain('swordfish');
  expect(code).toBe(2);
});
