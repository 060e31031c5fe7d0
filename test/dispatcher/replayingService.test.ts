import { Status } from 'nice-grpc';
import { expect, it } from 'vitest';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { dispatchRecord, hourMs, version } from '../support/dispatchRecord.js';
import { type ReplayingService, replayingService } from '../support/replayingService.js';

const startTimeMs = Math.floor(Date.now() / 1000) * 1000;

/** A dispatch that runs for an hour from now on. */
function running(id: number, n: number, payload = {}) {
  return dispatchRecord({
    id,
    startTimeMs,
    durationMs: hourMs,
    updateTime: version(n),
    recurrence: null,
    payload,
  });
}

/** A dispatcher that follows the service, and what it says. */
async function follow({ address }: ReplayingService) {
  const dispatcher = new Dispatcher({ microgridId: 1, address, logger: silentLogger });
  const said: string[] = [];
  const standing: string[] = [];
  dispatcher.on('lifecycle', ({ type, dispatch }) => said.push(`${dispatch.id} ${type}`));
  dispatcher.on('running', ({ id, change }) => said.push(`${id} ${change?.kind} by ${change?.cause}`));
  dispatcher.on('sync', ({ state }) => standing.push(state));
  await dispatcher.start();
  await dispatcher.ready();
  return { dispatcher, said, standing, [Symbol.asyncDispose]: () => dispatcher.stop() };
}

it('tells each dispatch once that a service lists and also replays as created, on every stream', async () => {
  await using service = await replayingService(running(1, 1), running(2, 1));
  await using follower = await follow(service);
  const first = ['1 created', '2 created', '1 started by sync', '2 started by sync'];
  expect(follower.said.toSorted()).toEqual(first.toSorted());
  follower.said.splice(0);

  service.put(running(2, 2, { kw: 5 }));
  await expect.poll(() => follower.said.splice(0)).toEqual(['2 updated', '2 reconfigured by update']);

  for (const status of [Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED, Status.CANCELLED]) {
    follower.standing.splice(0);
    const before = service.opened;
    service.endStreams(status);
    await expect.poll(() => follower.standing, { timeout: 10_000 }).toContain('live');
    expect(service.opened).toBe(before + 1);
  }
  // What comes after the replay shows that the replay said nothing.
  service.delete(1);
  await expect.poll(() => follower.said).toEqual(['1 deleted', '1 stopped by delete']);
});

it('follows a service that sends the headers of a stream with its first event', async () => {
  await using service = await replayingService();
  // It lists although the stream does not answer.
  await using follower = await follow(service);
  expect(follower.dispatcher.status.state).toBe('live');
  service.put(running(1, 1));
  service.put(running(1, 2, { kw: 5 }));
  service.put(running(2, 1));
  await expect
    .poll(() => follower.said)
    .toEqual(expect.arrayContaining(['1 created', '2 created', '1 started by update', '2 started by update']));
  service.delete(2);
  await expect.poll(() => follower.said).toContain('2 stopped by delete');
  const counts = (word: string) => follower.said.filter(said => said.startsWith(word)).length;
  expect(['1 created', '2 created', '1 started', '2 started', '2 deleted', '2 stopped'].map(counts)).toEqual(
    Array<number>(6).fill(1),
  );
  expect(follower.dispatcher.dispatches.get(1)?.payload).toEqual({ kw: 5 });
});
