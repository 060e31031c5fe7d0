import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { type DispatchService, startDispatchService } from '../../src/service/startDispatchService.js';
import { webhookHeaders } from '../../src/webhook/webhookSignature.js';
import { freePort } from '../support/postgres.js';
import { runCli } from '../support/runCli.js';
import { startCli } from '../support/startCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { type ReceivedWebhook, webhookReceiver } from '../support/webhookReceiver.js';

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
  const { origin } = new URL(receiver.url);
  expect(stderr).toContain(`webhooks of ${origin}: 0 sent, 1 not sent; with --store they would be sent later\n`);
  expect(stderr).not.toContain(secret);
});

it('follow sends to several receivers, each with its secret, and tells what waited for an address that is not given any more', async () => {
  using folder = temporaryFolder();
  const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
  const files = [1, 2, 3].map(byte => join(folder.path, `${byte}.secret`));
  for (const [index, file] of files.entries()) writeFileSync(file, secretOf(index + 1), { mode: 0o600 });
  const [first = '', second = '', third = ''] = files;
  await using away = await webhookReceiver(response => response.writeHead(503).end());
  await using well = await webhookReceiver();
  await using moved = await webhookReceiver();
  await using client = new DispatchClient({ address: service.address });
  await client.create({ microgridId: 3, type: 'A', startTime: 'NOW', durationMs: null, selector: { ids: [1] } });
  const args = ['follow', '3', '--url', service.address, '--store', join(folder.path, 'store.db')];

  const both = ['--webhook', away.url, '--webhook-secret-file', first];
  await using following = startCli([...args, ...both, '--webhook', well.url, '--webhook-secret-file', second]);
  const [refused, taken] = await Promise.all([away.next(), well.next()]);
  const isSignedBy = (byte: number, { headers, text }: ReceivedWebhook) => {
    const [id = '', timestampS = ''] = [headers['webhook-id'], headers['webhook-timestamp']];
    const keys = [Buffer.alloc(32, byte)];
    return (
      headers['webhook-signature'] ===
      webhookHeaders(keys, { id, timestampS: Number(timestampS), body: text })['webhook-signature']
    );
  };
  expect([isSignedBy(1, refused), isSignedBy(2, taken)]).toEqual([true, true]);
  const ended = await following.stop();
  const { origin } = new URL(away.url);
  expect(ended.stderr).toContain(`webhooks of ${origin}: 0 sent, 1 not sent; they are sent after the next start\n`);
  expect(ended.stderr).not.toContain(`webhooks of ${new URL(well.url).origin}`);

  const another = ['--webhook', moved.url, '--webhook-secret-file', third];
  await using next = startCli([...args, ...another]);
  expect((await moved.next()).body.type).toBe('running.resumed');
  expect((await next.stop()).stderr).toContain('problem: 1 webhooks that waited for other addresses were dropped\n');
  await using last = startCli([...args, ...another]);
  await moved.next();
  expect((await last.stop()).stderr).not.toContain('dropped');
});

it('follow keeps the last state of each dispatch while a receiver is down and more waits than its queue holds, and counts', async () => {
  const [port, count, updates] = [await freePort(), 210, 5];
  await using client = new DispatchClient({ address: service.address });
  const microgrid = client.forMicrogrid(4);
  const ids: number[] = [];
  for (let n = 0; n < count; n++) {
    ids.push((await microgrid.create({ type: 'A', startTime: 'NOW', durationMs: null, selector: { ids: [1] } })).id);
  }
  const args = ['follow', '4', '--json', '--url', service.address, '--webhook', `http://127.0.0.1:${port}/hook`];
  await using following = startCli(args, { DISPATCH_WEBHOOK_SECRET: secret });
  for (let n = 0; n < count; n++) await following.line();
  // First nobody answers there, then somebody who cannot take any for now.
  expect(await following.line('stderr')).toMatch(/^following|ECONNREFUSED/);
  let isBack = false;
  await using receiver = await webhookReceiver(
    response => response.writeHead(isBack ? 204 : 503, { 'retry-after': '1' }).end(),
    port,
  );
  for (let step = 1; step <= updates; step++) {
    await Promise.all(ids.map(id => microgrid.update(id, { payload: { step } })));
    for (let n = 0; n < count; n++) await following.line();
  }
  isBack = true;
  const before = receiver.received.length;
  const last = () => new Map(receiver.received.slice(before).map(({ body }) => [body.data.id, body.data.payload]));
  const wanted = new Map(ids.map(id => [id, { step: updates }]));
  await expect.poll(last, { timeout: 60_000, interval: 100 }).toEqual(wanted);
  const { stderr } = await following.stop();
  const [, sent, replaced] =
    /webhooks of \S+: (\d+) sent, (\d+) replaced by newer ones of their dispatch\n/.exec(stderr) ?? [];
  expect(Number(sent)).toBe(receiver.received.length - before);
  expect(Number(sent) + Number(replaced)).toBe(count * (updates + 1));
  expect(Number(replaced)).toBeGreaterThan(0);
});

it.each([
  [
    ['--webhook', 'http://h', '--webhook', 'http://h/'],
    { DISPATCH_WEBHOOK_SECRET: secret },
    '--webhook: an address is there twice',
  ],
  [
    [
      '--webhook',
      'http://a',
      '--webhook',
      'http://b',
      '--webhook',
      'http://c',
      '--webhook-secret-file',
      'x',
      '--webhook-secret-file',
      'y',
    ],
    {},
    '--webhook-secret-file must be there once, or once for each --webhook.',
  ],
  [['--webhook', 'https://plant.example/hook'], {}, '--webhook needs a secret: give --webhook-secret-file, or'],
  [
    ['--webhook', 'plant.example'],
    { DISPATCH_WEBHOOK_SECRET: secret },
    '--webhook: url must be an https or http address',
  ],
  [
    ['--webhook', 'https://plant.example:10080/hook'],
    { DISPATCH_WEBHOOK_SECRET: secret },
    '--webhook: url must have another port than 10080',
  ],
  [
    ['--webhook', 'http://h/'],
    { DISPATCH_WEBHOOK_SECRET: 'swordfish' },
    'DISPATCH_WEBHOOK_SECRET: a webhook secret must be whsec_',
  ],
  [['--webhook-secret-file', 'x'], {}, '--webhook-secret-file needs --webhook.'],
  [['--keep-history', '30d'], {}, '--keep-history needs --store.'],
] as const)('follow refuses %j', async (args, env, message) => {
  const { code, stderr } = await runCli(['follow', '1', '--url', service.address, ...args], env);
  expect(stderr).toContain(`error: ${message}`);
  expect(stderr).not.toContain('swordfish');
  expect(code).toBe(2);
});

it.each([
  ['swordfish\n', ': a webhook secret must be whsec_'],
  [`${secret}\nswordfish\n`, ': a webhook secret must be whsec_'],
  ['\n \n', ' is empty.'],
])('follow names the file whose secret is wrong: %j', async (content, message) => {
  using folder = temporaryFolder();
  const [good, bad] = [join(folder.path, 'good.secret'), join(folder.path, 'bad.secret')];
  writeFileSync(good, secret, { mode: 0o600 });
  writeFileSync(bad, content, { mode: 0o600 });
  const args = ['follow', '1', '--url', service.address, '--webhook', 'http://a/', '--webhook', 'http://b/'];
  const { code, stderr } = await runCli([...args, '--webhook-secret-file', good, '--webhook-secret-file', bad]);
  expect(stderr).toContain(`error: --webhook-secret-file: the file ${bad}${message}`);
  expect(stderr).not.toContain('swordfish');
  expect(code).toBe(2);
});
