import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { StatelyInspectionEvent } from '@statelyai/inspect';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { type DispatchService, startDispatchService } from '../../src/service/startDispatchService.js';
import { runCli } from '../support/runCli.js';
import { type RunningCli, startCli } from '../support/startCli.js';

// Every command is a process of its own, and a busy machine takes seconds to start one.
vi.setConfig({ testTimeout: 120_000 });

let service: DispatchService;
let client: DispatchClient;
let env: { DISPATCH_API_URL: string };

beforeAll(async () => {
  service = await startDispatchService();
  client = new DispatchClient({ address: service.address });
  env = { DISPATCH_API_URL: service.address };
});

afterAll(async () => {
  client.close();
  await service.stop();
});

const created = (microgridId: number, type: string) =>
  client.create({ microgridId, type, startTime: 'NOW', durationMs: 3_600_000, selector: { ids: [1] } });

/** Follows with an inspector at a free port; waits until it is live. */
async function followInspected(...args: string[]): Promise<{ following: RunningCli; page: string }> {
  const following = startCli(['follow', ...args, '--inspect=0'], env);
  const line = await following.line('stderr');
  const page = /^inspector: open (http:\/\/127\.0\.0\.1:\d+) in a browser$/.exec(line)?.[1];
  if (page === undefined) throw new Error(`not where to look: ${line}`);
  await following.line('stderr');
  return { following, page };
}

/** A look at the inspector by a WebSocket: one line a message, such as `+ dispatcher`, `a → b type` and `dispatcher: live`. */
async function look(page: string, origin?: string) {
  const socket = new WebSocket(page.replace('http', 'ws'), origin === undefined ? {} : { origin });
  const seen: string[] = [];
  const names = new Map<string | undefined, string>();
  socket.on('message', data => seen.push(describeMessage(JSON.parse(data.toString()), names)));
  await once(socket, 'open');
  return {
    socket,
    seen,
    // Not by expect.poll(), which loses its test where several run at once.
    sees: (...lines: string[]) =>
      vi.waitFor(() => expect(seen).toEqual(expect.arrayContaining(lines)), { timeout: 20_000 }),
  };
}

function describeMessage(event: StatelyInspectionEvent, names: Map<string | undefined, string>): string {
  if (event.type === '@xstate.actor') names.set(event.sessionId, event.name);
  const name = names.get(event.sessionId) ?? 'unknown';
  if (event.type === '@xstate.actor') return `+ ${name} of ${names.get(event.parentId) ?? 'nobody'}`;
  if (event.type === '@xstate.event') return `${names.get(event.sourceId) ?? 'unknown'} → ${name} ${event.event.type}`;
  const { value, status } = event.snapshot as { status: string; value?: string };
  return `${name}: ${value ?? status}`;
}

describe.concurrent('follow --inspect', () => {
  it('shows whoever comes what is there, then what happens, of the type that is followed', async () => {
    const { id: other } = await created(50, 'OTHER');
    const { following, page } = await followInspected('50', '--type', 'CHARGE');
    await using _ = following;
    const { id } = await created(50, 'CHARGE');
    await following.line();

    const first = await look(page);
    const there = [
      '+ dispatcher of nobody',
      'dispatcher: live',
      '+ pool of dispatcher',
      `+ ${id} of pool`,
      `${id}: running`,
      '+ timer of dispatcher',
      '+ source of dispatcher',
    ];
    await first.sees(...there);
    await client.delete({ microgridId: 50, id });
    await first.sees(
      'source → dispatcher sync.changed',
      'dispatcher → pool sync.changed',
      `pool → ${id} dispatch.deleted`,
      `${id} → pool running.stopped`,
      `${id}: deleted`,
      'pool → dispatcher pool.reported',
    );
    const second = await look(page);
    await second.sees('+ dispatcher of nobody', 'dispatcher: live');
    expect([...first.seen, ...second.seen].filter(line => line.includes(`${other}`))).toEqual([]);
    expect([...first.seen, ...second.seen].filter(line => line.includes('unknown'))).toEqual([]);

    const closed = Promise.all([first, second].map(({ socket }) => once(socket, 'close')));
    expect(await following.stop('SIGTERM')).toMatchObject({ code: 0 });
    await closed;
    expect(second.seen.at(-1)).toBe('dispatcher: stopped');
  });

  it('serves a page that feeds the Stately inspector, and lets no other page read along', async () => {
    const { following, page } = await followInspected('51');
    await using _ = following;
    const html = await (await fetch(page)).text();
    expect(html).toContain('src="https://stately.ai/inspect"');
    await (await look(page, page)).sees('+ dispatcher of nobody');
    await expect(look(page, 'https://example.com')).rejects.toThrow('401');
    expect(await following.stop('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('shows it in an inspector that listens elsewhere', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using following = startCli(['follow', '52', '--inspect', url], env);
    const [socket] = (await once(server, 'connection')) as [WebSocket];
    const [data] = await once(socket, 'message');
    expect(JSON.parse(data.toString())).toMatchObject({ type: '@xstate.actor', name: 'dispatcher' });
    expect(await following.line('stderr')).toBe(`inspector: shown at ${url}`);
    await following.line('stderr');
    socket.close();
    expect(await following.line('stderr')).toBe(`the inspector at ${url} has disconnected`);
    expect(await following.stop('SIGTERM')).toMatchObject({ code: 0 });
    server.close();
  });

  it.each([
    [
      'neither a port nor an address',
      'http://localhost',
      2,
      'It must be a port from 0 to 65535 or an address such as ws://127.0.0.1:8080.',
    ],
    ['a port that is none', '70000', 2, 'It must be a port from 0 to 65535 or an address such as ws://127.0.0.1:8080.'],
    [
      'an address where nothing listens',
      'ws://127.0.0.1:1',
      1,
      'the inspector at ws://127.0.0.1:1 cannot be reached: connect ECONNREFUSED',
    ],
  ])('refuses %s in one line', async (_, where, code, message) => {
    const result = await runCli(['follow', '53', `--inspect=${where}`], env);
    expect(result.stderr).toContain(message);
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(result.code).toBe(code);
  });

  it('refuses a port that is in use in one line', async () => {
    const port = new URL(service.address).port;
    const result = await runCli(['follow', '53', `--inspect=${port}`], env);
    expect(result).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: port ${port} cannot serve the inspector: it is in use; --inspect=0 takes a free one\n`,
    });
  });

  it('says how to install what it needs, which nothing else does', async () => {
    // Node.js then resolves neither package, as where they are not installed.
    const hooks = `export async function resolve(name, context, next) {
      if (name === 'ws' || name.startsWith('@statelyai/')) throw Object.assign(new Error(name), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    }`;
    const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
    const without = { ...env, NODE_OPTIONS: `--import=${dataUrl(register)}` };
    expect(await startCli(['follow', '54', '--inspect=0'], without).ended).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: --inspect needs two more packages: npm install @statelyai/inspect ws\n',
    });
    await using following = startCli(['follow', '54'], without);
    expect(await following.line('stderr')).toMatch(/^following microgrid 54/);
  });
});

function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
