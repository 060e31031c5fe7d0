import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/logger.js';
import type { DispatchError } from '../../src/model/dispatchError.js';
import { startDispatchService } from '../../src/service/startDispatchService.js';
import { DispatchClient } from '../../src/web/dispatchClient.js';
import { Dispatcher, type DispatcherOptions } from '../../src/web/dispatcher.js';
import { failure } from '../support/failure.js';
import { startGrpcWebGateway } from '../support/grpcWebGateway.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const credentials = { authKey: 'key', signSecret: 'secret' };
const selector = { categories: [{ category: 'BATTERY' }] } as const;

async function serve(listen = '127.0.0.1:0') {
  const service = await startDispatchService({ listen, ...credentials });
  cleanUps.push(() => service.stop());
  return service;
}

async function gatewayTo(address: string): Promise<string> {
  const gateway = await startGrpcWebGateway(address);
  cleanUps.push(() => gateway[Symbol.asyncDispose]());
  return gateway.url;
}

async function follow(url: string, options: Partial<DispatcherOptions> = {}) {
  const dispatcher = new Dispatcher({
    microgridId: 1,
    url,
    ...credentials,
    logger: silentLogger,
    ...options,
  } as DispatcherOptions);
  cleanUps.push(() => dispatcher.stop());
  const said: string[] = [];
  const problems: DispatchError[] = [];
  dispatcher.on('lifecycle', ({ type, dispatch }) => said.push(`${dispatch.id} ${type}`));
  dispatcher.on('running', ({ id, change }) => said.push(`${id} ${change?.kind} by ${change?.cause}`));
  dispatcher.on('problem', problem => problems.push(problem));
  await dispatcher.start();
  return { dispatcher, said, problems };
}

describe('a dispatcher over HTTP', () => {
  it('tells what its own client changes', async () => {
    const { address } = await serve();
    const { dispatcher, said } = await follow(await gatewayTo(address));
    await dispatcher.ready();
    const { id } = await dispatcher.client.create({ type: 'CHARGE', startTime: 'NOW', selector });
    await dispatcher.client.update(id, { payload: { kw: 3 } });
    await dispatcher.client.update(id, { active: false });
    await dispatcher.client.delete(id);
    await expect
      .poll(() => said)
      .toEqual([
        '1 created',
        '1 started by update',
        '1 updated',
        '1 reconfigured by update',
        '1 updated',
        '1 stopped by update',
        '1 deleted',
      ]);
  });

  it('reports rejected credentials', async () => {
    const { address } = await serve();
    const { problems } = await follow(await gatewayTo(address), {
      signSecret: 'hunter2',
    } as Partial<DispatcherOptions>);
    await expect.poll(() => problems.map(({ code }) => code)).toEqual(['UNAUTHENTICATED']);
    expect(problems[0]?.message).not.toContain('hunter2');
  });

  it('says where nothing answers', async () => {
    const client = new DispatchClient({ url: 'http://127.0.0.1:1', retry: false });
    const error = await failure(client.get({ microgridId: 1, id: 1 }));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^UNAVAILABLE: no connection to http:\/\/127.0.0.1:1 \(.+\)$/),
    });
  });
});
