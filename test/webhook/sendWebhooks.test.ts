import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DispatchError } from '../../src/model/dispatchError.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { sendWebhooks, type WebhookOptions } from '../../src/webhook/sendWebhooks.js';
import { dispatchRecord, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { startDispatcher, type TestDispatcher, type TestDispatcherOptions } from '../support/startDispatcher.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { at } from '../support/time.js';
import { type WebhookReceiver, webhookReceiver } from '../support/webhookReceiver.js';

const key = Buffer.alloc(32, 7);
const secret = `whsec_${key.toString('base64')}`;

/** Sends the notifications of a dispatcher on its clock, without any randomness. */
function sending(test: TestDispatcher, { url }: { readonly url: string }, options: Partial<WebhookOptions> = {}) {
  const problems: DispatchError[] = [];
  const onProblem = (problem: DispatchError) => problems.push(problem);
  const webhooks = sendWebhooks(test.dispatcher, {
    url,
    secret,
    clock: test.clock,
    random: () => 1,
    onProblem,
    ...options,
  });
  return Object.assign(webhooks, { problems });
}

async function started(receiver: WebhookReceiver, options: TestDispatcherOptions, more: Partial<WebhookOptions> = {}) {
  const test = await startDispatcher({ ...options, sync: false });
  const webhooks = sending(test, receiver, more);
  await test.dispatcher.start();
  await test.dispatcher.ready();
  return { ...test, test, webhooks };
}

const brief = ({ received }: WebhookReceiver) =>
  received.map(({ body }) => `${body.data.id} ${body.type.split('.')[1]}`);
const code =
  (status: number, headers = {}) =>
  (response: ServerResponse) =>
    response.writeHead(status, headers).end();
const dispatches = [dispatchRecord({ id: 1, payload: { kw: 5 } }), dispatchRecord({ id: 2, startTimeMs: at('10:10') })];

describe('webhooks', () => {
  it('are what follow prints, with the microgrid, signed', async () => {
    await using receiver = await webhookReceiver();
    const { clock, dispatcher, webhooks } = await started(receiver, { dispatches: dispatches.slice(0, 1) });
    await clock.advanceTo(at('10:00'));
    const { headers, text, body } = await receiver.next();
    expect(body).toEqual({
      type: 'running.started',
      timestamp: '2026-03-02T10:00:00.000Z',
      data: {
        microgridId: 1,
        notification: 'running.started',
        id: 1,
        type: 'CHARGE',
        atMs: at('10:00'),
        lateMs: 0,
        cause: 'schedule',
        run: { startMs: at('10:00'), endMs: at('10:30') },
        selector: { ids: [5] },
        payload: { kw: 5 },
        dryRun: false,
      },
    });
    const [id, timestamp] = [headers['webhook-id'], headers['webhook-timestamp']];
    expect(id).toMatch(/^msg_[\da-f-]{36}$/);
    expect(timestamp).toBe(`${at('10:00') / 1_000}`);
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64');
    expect(headers).toMatchObject({ 'webhook-signature': `v1,${signature}`, 'content-type': 'application/json' });
    await expect.poll(() => webhooks.delivered).toBe(1);
    expect([webhooks.queued, webhooks.problems, webhooks.state]).toEqual([0, [], 'sending']);
    await dispatcher.stop();
    expect(webhooks.state).toBe('ended');
  });

  it('are only of the wanted types', async () => {
    await using receiver = await webhookReceiver();
    const others = [...dispatches, dispatchRecord({ id: 3, type: 'OTHER' })];
    const { clock, dispatcher } = await started(receiver, { dispatches: others }, { type: ['OTHER', 'NONE'] });
    await clock.advanceTo(at('11:00'));
    await expect.poll(() => brief(receiver)).toEqual(['3 started', '3 stopped']);
    await dispatcher.stop();
  });

  it('are repeated with backoff while the receiver is away, all of them, and the problem is told once', async () => {
    let isAway = true;
    await using receiver = await webhookReceiver(response => code(isAway ? 503 : 200)(response));
    const { clock, dispatcher, webhooks } = await started(receiver, { dispatches });
    await clock.advanceTo(at('10:00'));
    const first = await receiver.next();
    for (const waitMs of [1_000, 2_000, 4_000, 8_000]) {
      const before = receiver.received.length;
      await settled(webhooks, clock, waitMs - 1);
      expect(receiver.received.length).toBe(before);
      await clock.advanceBy(1);
      await expect.poll(() => receiver.received.length).toBe(before + 1);
    }
    isAway = false;
    await settled(webhooks, clock, 16_000);
    await expect.poll(() => webhooks.delivered).toBe(1);
    await clock.advanceTo(at('10:10'));
    await expect.poll(() => webhooks.delivered).toBe(2);
    const ids = new Set(
      receiver.received.filter(({ body }) => body.data.id === 1).map(({ headers }) => headers['webhook-id']),
    );
    expect(ids).toEqual(new Set([first.headers['webhook-id']]));
    expect(webhooks.problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      `UNAVAILABLE: the webhook of ${new URL(receiver.url).origin} cannot be sent: it answers 503; it is tried again`,
    ]);
    await dispatcher.stop();
  });

  it('that fail at the same time are one failure: the next waits are no longer for it', async () => {
    await using receiver = await webhookReceiver(code(503));
    const many = Array.from({ length: 8 }, (_, index) => dispatchRecord({ id: index + 1 }));
    const { clock, dispatcher, webhooks } = await started(receiver, { dispatches: many });
    await clock.advanceTo(at('10:00'));
    await expect.poll(() => receiver.received.length).toBe(8);
    for (const [index, waitMs] of [1_000, 2_000, 4_000].entries()) {
      await settled(webhooks, clock, waitMs);
      await expect.poll(() => receiver.received.length).toBe(9 + index);
    }
    await dispatcher.stop();
  });

  it('wait as long as the receiver says', async () => {
    const answers = [code(429, { 'retry-after': '120' }), code(200)];
    await using receiver = await webhookReceiver(response => answers.shift()?.(response));
    const { clock, dispatcher, webhooks } = await started(receiver, { dispatches: dispatches.slice(0, 1) });
    await clock.advanceTo(at('10:00'));
    await receiver.next();
    await settled(webhooks, clock, 119_999);
    expect(receiver.received).toHaveLength(1);
    await clock.advanceBy(1);
    await expect.poll(() => webhooks.delivered).toBe(1);
    await dispatcher.stop();
  });

  it.each([
    // What would shorten the wait, and what is neither whole seconds nor a date of HTTP, does not count.
    ...[
      '0',
      '1',
      '-5',
      '+5',
      '1.5',
      '5, 10',
      '2026-03-03',
      'Mon, 02 Mar 2026 11:00:00 +0000',
      'Invalid Date',
      'soon',
    ].map(text => ({ text, waitsMs: [1_000, 2_000] })),
    { text: 'Mon, 02 Mar 2026 09:00:00 GMT', waitsMs: [1_000, 2_000] },
    { text: 'Mon, 02 Mar 2026 10:02:00 GMT', waitsMs: [2 * minuteMs, 2_000] },
    { text: '60', waitsMs: [minuteMs, minuteMs] },
    { text: '9'.repeat(400), waitsMs: [24 * hourMs] },
  ])('wait for $waitsMs ms when the answer has Retry-After: $text, whether it concerns all or one', async test => {
    for (const status of [503, 400]) {
      await using receiver = await webhookReceiver(code(status, { 'retry-after': test.text }));
      const endless = [dispatchRecord({ durationMs: null })];
      await using dispatcher = await started(receiver, { dispatches: endless });
      const { clock, webhooks } = dispatcher;
      await clock.advanceTo(at('10:00'));
      await receiver.next();
      for (const [index, waitMs] of test.waitsMs.entries()) {
        await settled(webhooks, clock, waitMs - 1);
        expect(receiver.received).toHaveLength(1 + index);
        await clock.advanceBy(1);
        await expect.poll(() => receiver.received.length).toBe(2 + index);
      }
    }
  });

  it('of a dispatch wait while the receiver refuses one, in order, and others do not', async () => {
    let refuses = true;
    await using receiver = await webhookReceiver((response, { body }) =>
      code(refuses && body.data.id === 1 ? 422 : 200)(response),
    );
    const endless = dispatchRecord({ id: 1, durationMs: null });
    const { clock, dispatcher, transport, webhooks } = await started(receiver, {
      dispatches: [endless, ...dispatches.slice(1)],
    });
    await clock.advanceTo(at('10:00'));
    await receiver.next();
    transport.update(1, { payload: { kw: 7 } });
    await clock.advanceTo(at('10:00:00.500'));
    await settled(webhooks, clock, 0);
    refuses = false;
    await clock.advanceTo(at('10:10'));
    await expect.poll(() => webhooks.delivered).toBe(3);
    expect(brief(receiver)[0]).toBe('1 started');
    expect(brief(receiver).filter(line => line.startsWith('1 '))).toEqual(['1 started', '1 started', '1 reconfigured']);
    await dispatcher.stop();
  });

  it('end when the receiver answers 410', async () => {
    await using receiver = await webhookReceiver(code(410));
    const { clock, dispatcher, webhooks } = await started(receiver, { dispatches });
    await clock.advanceTo(at('10:00'));
    await expect.poll(() => webhooks.state).toBe('ended');
    await clock.advanceTo(at('11:00'));
    expect([brief(receiver), webhooks.queued]).toEqual([['1 started'], 0]);
    expect(webhooks.problems.map(({ code }) => code)).toEqual(['FAILED_PRECONDITION']);
    await dispatcher.stop();
  });

  it('are given up for the time being when there is no answer in time, and follow no redirect', async () => {
    const answers = [() => {}, code(302, { location: 'http://127.0.0.1:1/' }), code(200)];
    await using receiver = await webhookReceiver(response => answers.shift()?.(response));
    const more = { timeoutMs: 5_000 };
    const { clock, dispatcher, webhooks } = await started(receiver, { dispatches: dispatches.slice(0, 1) }, more);
    await clock.advanceTo(at('10:00'));
    await receiver.next();
    await clock.advanceBy(5_000);
    await expect
      .poll(() => webhooks.problems.map(({ message }) => message))
      .toEqual([expect.stringContaining('it does not answer; it is tried again')]);
    await clock.advanceBy(1_000);
    await receiver.next();
    await settled(webhooks, clock, 1_000);
    await expect.poll(() => webhooks.delivered).toBe(1);
    await dispatcher.stop();
  });

  it('of a start whose run is over are dropped and counted; its stop is sent', async () => {
    let isAway = true;
    await using receiver = await webhookReceiver(response => code(isAway ? 500 : 200)(response));
    const { clock, dispatcher, webhooks } = await started(receiver, { dispatches: dispatches.slice(0, 1) });
    await clock.advanceTo(at('10:00'));
    await receiver.next();
    await clock.advanceTo(at('10:30'));
    await settled(webhooks, clock);
    isAway = false;
    await clock.advanceBy(5 * minuteMs);
    await expect.poll(() => webhooks.delivered).toBe(1);
    expect([brief(receiver).at(-1), webhooks.dropped, webhooks.queued]).toEqual(['1 stopped', 1, 0]);
    await dispatcher.stop();
  });

  it.each([{ deleted: true }, { active: false }, { durationMs: minuteMs }])(
    'of a start are dropped when %j ends its run before they could be sent; its stop is sent',
    async change => {
      let isAway = true;
      await using receiver = await webhookReceiver(response => code(isAway ? 500 : 200)(response));
      const endless = dispatchRecord({ durationMs: null });
      await using test = await started(receiver, { dispatches: [endless] });
      const { clock, transport, webhooks } = test;
      await clock.advanceTo(at('10:05'));
      await receiver.next();
      if ('deleted' in change) transport.delete(1);
      else transport.update(1, change);
      await settled(webhooks, clock);
      isAway = false;
      await clock.advanceBy(5 * minuteMs);
      await expect.poll(() => webhooks.delivered).toBe(1);
      expect([brief(receiver).at(-1), webhooks.dropped, webhooks.queued]).toEqual(['1 stopped', 1, 0]);
    },
  );

  it('are kept in the store of the dispatcher, and sent after a restart, before others', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'store.db');
    await using away = await webhookReceiver(code(503));
    const endless = [dispatchRecord({ id: 1, durationMs: 12 * hourMs }), ...dispatches.slice(1)];
    const store = sqliteStore(path);
    const before = await started(away, { dispatches: endless, store }, { store });
    await before.clock.advanceTo(at('10:40'));
    await expect.poll(() => before.webhooks.problems.length).toBe(1);
    await before.dispatcher.stop();
    expect(before.webhooks.queued).toBe(3);
    // The same receiver, which is back.
    const url = new URL(away.url);
    await away[Symbol.asyncDispose]();
    await using back = await webhookReceiver(undefined, Number(url.port));
    const again = sqliteStore(path);
    const after = await started(back, { world: before.test, store: again }, { store: again });
    await after.clock.advanceBy(1_000);
    await expect.poll(() => after.webhooks.delivered).toBeGreaterThanOrEqual(3);
    // The run of the other one is over.
    expect(brief(back).filter(line => line.startsWith('1 '))).toEqual(['1 started', '1 resumed']);
    expect(brief(back).filter(line => line.startsWith('2 '))).toEqual(['2 stopped']);
    const [first] = away.received;
    expect(back.received[0]?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    await after.dispatcher.stop();

    const third = sqliteStore(path);
    const last = await started(back, { world: before.test, store: third }, { store: third });
    await last.clock.advanceBy(1_000);
    await expect.poll(() => last.webhooks.delivered).toBe(1);
    expect(brief(back).at(-1)).toBe('1 resumed');
    await last.dispatcher.stop();
  });

  it.each([
    [{ url: 'ftp://host/' }, 'url must be an https or http address, such as https://example.com/hook'],
    [{ url: 'http://me:pass@host/' }, 'url must not hold a user name or a password'],
    [
      { url: 'http://host:10080/' },
      'url must have another port than 10080, to which nothing can be sent (https://fetch.spec.whatwg.org/#port-blocking)',
    ],
    [{ secret: [] }, 'secret must be at least one'],
    [{ limit: 0 }, 'limit must be 1 or more, not 0'],
    [{ timeoutMs: 0.5 }, 'timeoutMs must be 1 or more, not 0.5'],
  ])('refuse %j', async (wrong, message) => {
    await using test = await startDispatcher({ sync: false });
    expect(() => sending(test, { url: 'http://127.0.0.1/' }, wrong)).toThrow(new RangeError(message));
  });
});

/** Waits until an answer has come, which no clock knows of, and then lets time pass. */
async function settled(
  webhooks: { readonly queued: number },
  clock: TestDispatcher['clock'],
  ...waitsMs: readonly number[]
): Promise<void> {
  expect(webhooks.queued).toBeGreaterThan(0);
  await new Promise(resolve => setTimeout(resolve, 50));
  for (const ms of waitsMs) await clock.advanceBy(ms);
}
