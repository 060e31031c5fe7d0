import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startTestService } from '../../src/testing/startTestService.js';
import { compiledModule } from '../support/compiled.js';
import type { PlayedScene } from '../support/playScenes.js';

/** A port of loopback where somebody takes connections and says nothing, or nobody does. */
async function oddPort({ answers }: { answers: boolean }) {
  const server = createServer(socket => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  if (!answers) server.close();
  return { port, [Symbol.dispose]: () => void server.close() };
}

it('a stream that is aborted while nobody reads it leaves no timer', async () => {
  await using service = await startTestService();
  const controller = new AbortController();
  const events = service.client.watch({ microgridId: 1, signal: controller.signal });
  const first = events.next();
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const { id } = await service.client.create({
    microgridId: 1,
    type: 'TEST',
    startTime: 'NOW',
    selector: { ids: [1] },
  });
  expect((await first).value?.dispatch.id).toBe(id);
  const before = timers();
  controller.abort();
  expect(timers()).toBe(before - 1);
});

describe('a program that closes its clients', () => {
  it('is left with no channel, connection or timer, whatever was under way', async () => {
    await using service = await startTestService();
    using refusing = await oddPort({ answers: false });
    using silent = await oddPort({ answers: true });
    const ports = [new URL(service.address).port, `${refusing.port}`, `${silent.port}`];
    // With a handle left it would not end by itself.
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [compiledModule('test/support/clientProgram.ts'), ...ports],
      { timeout: 20_000 },
    );
    const scenes = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as PlayedScene);
    expect(scenes).toHaveLength(5);
    for (const { name, before, during, after } of scenes) {
      expect({ name, after }).toEqual({ name, after: before });
      expect(during.channels).toBe((before.channels ?? 0) + 1);
    }
  });
});
