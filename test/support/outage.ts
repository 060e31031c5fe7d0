import { randomBytes } from 'node:crypto';
import { ClientError, Status } from 'nice-grpc-common';
import { expect } from 'vitest';
import { HealthCheckResponse_ServingStatus as Serving } from '../../proto/gen/grpc/health/v1/health.js';
import { startDispatchService } from '../../src/service/index.js';
import { keptLog } from './keptLog.js';
import { created, openStream, rawClient } from './rawService.js';
import { clientsOf } from './servedStore.js';

/** Something that keeps a database from taking writes. */
export interface Outage {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
  /** What the log says about it. */
  readonly reason: RegExp;
}

const PATIENCE = { timeout: 20_000, interval: 100 };

/**
 * Expects of a service whose database takes no writes for a while: writes are UNAVAILABLE and health NOT_SERVING meanwhile, reads and
 * streams go on, and afterwards all is as it was, by itself.
 */
export async function expectOutage(database: string, outage: Outage): Promise<void> {
  const { entries, logger, messages } = keptLog();
  const service = await startDispatchService({ database, logger });
  const { channel, client } = rawClient(service);
  const probe = clientsOf(service.port);
  // What cannot be compressed.
  const create = () => created(client, { payload: { bytes: randomBytes(10_000).toString('base64') } });
  const outcome = () =>
    create().then(
      () => Status.OK,
      error => (error instanceof ClientError ? error.code : error),
    );
  const health = async () => (await probe.health.check({})).status;
  try {
    const { id } = await create();
    await client.getMicrogridDispatch({ microgridId: 1n, dispatchId: id });
    const stream = await openStream(client);
    await outage.begin();
    await expect.poll(outcome, PATIENCE).toBe(Status.UNAVAILABLE);
    await expect.poll(health, PATIENCE).toBe(Serving.NOT_SERVING);
    expect(await outcome()).toBe(Status.UNAVAILABLE);
    const many = Array.from({ length: 20 }, () => client.getMicrogridDispatch({ microgridId: 1n, dispatchId: id }));
    for (const { dispatch } of await Promise.all(many)) expect(dispatch?.metadata?.dispatchId).toBe(id);
    const { paginationInfo } = await client.listMicrogridDispatches({ microgridId: 1n });
    const failure = entries.find(({ message }) => message === 'the database cannot be used; health is NOT_SERVING');
    expect(failure?.fields).toMatchObject({ err: { message: expect.stringMatching(outage.reason) } });

    await outage.end();
    await expect.poll(health, PATIENCE).toBe(Serving.SERVING);
    const last = await create();
    // It brings what was made before the outage was complete, and then this: nothing that was refused.
    const made = Number(paginationInfo?.totalItems);
    for (let count = 1; count < made; count += 1) await stream.next();
    expect((await stream.next()).dispatch?.metadata?.dispatchId).toBe(last.id);
    expect(messages('info')).toContain('the database can be used again; health is SERVING');
    await stream[Symbol.asyncDispose]();
  } finally {
    channel.close();
    probe.channel.close();
    await service.stop({ now: true });
  }
}
