import { describe, expect, it } from 'vitest';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { serveFollowPages } from '../../src/cli/followPages.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { prometheusMetrics } from '../../src/telemetry/prometheusMetrics.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { startTestService } from '../../src/testing/startTestService.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { startCli } from '../support/startCli.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

describe('the health of a dispatcher', () => {
  it('is well while dispatches run on schedule, ready while in sync, and neither once it has stopped', async () => {
    const { dispatcher, transport } = await startDispatcher({ dispatches: [dispatchRecord({})] });
    await using served = await serveFollowPages(dispatcher, undefined, { health: '0' }, silentLogger);
    const { origin } = new URL(served.urls.health ?? '');
    const statusOf = async (path: string) => (await fetch(origin + path)).status;
    const status = await (await fetch(`${origin}/ready`)).json();
    expect(status).toMatchObject({ microgridId: 1, state: 'live', problem: null, dispatches: 1 });
    expect([await statusOf('/health'), await statusOf('/ready'), await statusOf('/')]).toEqual([200, 200, 404]);
    expect(await statusOf('/metrics')).toBe(404);
    transport.failNext('watch', new DispatchError('UNAVAILABLE', 'the service is away'));
    transport.cut();
    await expect.poll(() => dispatcher.status.state).toBe('waiting');
    expect([await statusOf('/health'), await statusOf('/ready')]).toEqual([200, 503]);
    await dispatcher.stop();
    expect([await statusOf('/health'), await statusOf('/ready')]).toEqual([503, 503]);
  });

  it('is well but not ready while it waits for its store, as a standby does', async () => {
    const store: DispatcherStore = {
      open: () => Promise.reject(new DispatchError('UNAVAILABLE', 'the store is in use')),
      async *load() {},
      async save() {},
      async close() {},
    };
    const transport = memoryTransport([]);
    await using dispatcher = new Dispatcher({ microgridId: 1, transport, store, logger: silentLogger });
    await using served = await serveFollowPages(dispatcher, undefined, { health: '0' }, silentLogger);
    const { origin } = new URL(served.urls.health ?? '');
    const answers = async () => {
      const health = await fetch(`${origin}/health`);
      const { state } = (await health.json()) as { state: string };
      return [health.status, (await fetch(`${origin}/ready`)).status, state];
    };
    expect(await answers()).toEqual([200, 503, 'new']);
    await expect(dispatcher.start()).rejects.toThrow('the store is in use');
    expect(await answers()).toEqual([200, 503, 'new']);
  });

  it.each(['health', 'metrics'] as const)('is refused an address of %s that is none', async option => {
    const { dispatcher } = await startDispatcher();
    await using _ = dispatcher;
    const serving = serveFollowPages(dispatcher, undefined, { [option]: 'here' }, silentLogger);
    await expect(serving).rejects.toThrow(`--${option}: 'here' is not HOST:PORT`);
  });
});

describe('the metrics of follow', () => {
  it('are served beside the health, or at the same address', async () => {
    const metrics = prometheusMetrics();
    const transport = memoryTransport([dispatchRecord({ startTimeMs: at('08:50') })]);
    const options = { microgridId: 1, transport, clock: simulatedClock(at('09:00')), logger: silentLogger };
    await using dispatcher = new Dispatcher(options, metrics.observe);
    await dispatcher.start();
    await dispatcher.ready();
    await using together = await serveFollowPages(
      dispatcher,
      metrics,
      { health: '0', metrics: '127.0.0.1:0' },
      silentLogger,
    );
    await using apart = await serveFollowPages(
      dispatcher,
      metrics,
      { health: '0', metrics: 'localhost:0' },
      silentLogger,
    );
    const portsOf = ({ urls }: typeof together) => Object.values(urls).map(url => new URL(url).port);
    expect(new Set(portsOf(together)).size).toBe(1);
    expect(new Set(portsOf(apart)).size).toBe(2);
    for (const { urls } of [together, apart]) {
      expect((await fetch(urls.health ?? '')).status).toBe(200);
      const answer = await fetch(urls.metrics ?? '');
      expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(await answer.text()).toContain(
        '# TYPE dispatcher_dispatch_running gauge\ndispatcher_dispatch_running{dispatcher_microgrid_id="1"} 1\n',
      );
    }
  });

  it('leaves nothing open when one of two addresses cannot be listened on', async () => {
    const metrics = prometheusMetrics();
    const { dispatcher } = await startDispatcher();
    await using _ = dispatcher;
    await using taken = await serveFollowPages(dispatcher, metrics, { metrics: '0' }, silentLogger);
    const { host } = new URL(taken.urls.metrics ?? '');
    await expect(serveFollowPages(dispatcher, metrics, { health: '0', metrics: host }, silentLogger)).rejects.toThrow(
      `cannot listen on ${host} for /metrics`,
    );
  });

  it('are those of the dispatcher of the command', async () => {
    await using service = await startTestService();
    await using following = startCli(['follow', '1', '--metrics', '0', '--url', service.address]);
    const [, url = ''] = /^metrics: (http:\/\/127\.0\.0\.1:\d+\/metrics)$/.exec(await following.line('stderr')) ?? [];
    await service.client.create({ microgridId: 1, type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } });
    await following.line();
    const text = await (await fetch(url)).text();
    expect(text).toContain('dispatcher_dispatch_running{dispatcher_microgrid_id="1"} 1\n');
    expect(text).toContain('dispatcher_sync_status{dispatcher_microgrid_id="1",dispatcher_sync_state="live"} 1\n');
    expect((await following.stop()).code).toBe(0);
  });
});
