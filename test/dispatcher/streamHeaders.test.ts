import type { CallContext } from 'nice-grpc';
import { describe, expect, it } from 'vitest';
import { Event } from '../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import {
  type Dispatch,
  ListMicrogridDispatchesResponse,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { followOver } from '../support/resumableService.js';
import { type ScriptedService, scriptedService } from '../support/scriptedService.js';

/** A service whose streams have these headers and bring these events, and end when a test says so. */
async function headedService(headers: () => Record<string, string>, events: readonly object[] = []) {
  let endStream = () => {};
  const service = await scriptedService({
    listMicrogridDispatches: async () => ListMicrogridDispatchesResponse.create({}),
    async *streamMicrogridDispatches(_, context: CallContext) {
      for (const [name, value] of Object.entries(headers())) context.header.set(name, value);
      context.sendHeader();
      for (const event of events) yield StreamMicrogridDispatchesResponse.fromPartial(event);
      await new Promise<void>(resolve => {
        endStream = resolve;
        context.signal.addEventListener('abort', () => resolve());
      });
    },
  });
  return Object.assign(service, { endStream: () => endStream() });
}

async function reconnect(service: ScriptedService & { endStream(): void }, live: Promise<void>): Promise<void> {
  service.endStream();
  await live;
}

describe('the clock of the service', () => {
  const serverTime = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString();

  it.each([
    [
      60_000,
      /^the clock of this computer is (59|60)\.\d s behind that of the service; runs start and stop by this clock$/,
    ],
    [-60_000, /^the clock of this computer is (59|60)\.\d s ahead of that of the service; runs/],
  ])('is compared with that of the plant: %i ms off is a problem, told once', async (offsetMs, message) => {
    await using service = await headedService(() => ({ 'server-time': serverTime(offsetMs) }));
    await using follower = await followOver(service.address);
    await follower.dispatcher.ready();
    expect(Math.abs((follower.dispatcher.status.clockOffsetMs ?? 0) - offsetMs)).toBeLessThan(2_000);
    await reconnect(service, follower.nextLive());
    const told = follower.problems.filter(({ code }) => code === 'FAILED_PRECONDITION');
    expect(told).toMatchObject([{ message: expect.stringMatching(message), microgridId: 1 }]);
  });

  it('is told again when it was right in between', async () => {
    let offsetMs = 60_000;
    await using service = await headedService(() => ({ 'server-time': serverTime(offsetMs) }));
    await using follower = await followOver(service.address);
    await follower.dispatcher.ready();
    for (offsetMs of [0, 60_000]) await reconnect(service, follower.nextLive());
    expect(follower.problems.filter(({ code }) => code === 'FAILED_PRECONDITION')).toHaveLength(2);
  });

  it.each([[{}], [{ 'server-time': 'noon' }]])('is unknown when it does not say so: %j', async headers => {
    await using service = await headedService(() => ({ other: 'header', ...headers }));
    await using follower = await followOver(service.address);
    await follower.dispatcher.ready();
    expect(follower.dispatcher.status).toMatchObject({ clockOffsetMs: null, position: null, polling: false });
    expect(follower.problems).toEqual([]);
  });
});

describe('the position of a dispatcher', () => {
  const dispatch = (fields: Partial<Dispatch> = {}) => ({ ...encodeDispatch(dispatchRecord({ id: 7 })), ...fields });
  const created = { dispatch: dispatch(), event: Event.CREATED };
  const at2026 = Date.UTC(2026, 0, 1) * 1_000;

  async function resumeAfter(events: readonly object[]): Promise<unknown[]> {
    await using service = await headedService(() => ({ 'change-log-position': '5:1:1' }), events);
    await using follower = await followOver(service.address);
    await follower.dispatcher.ready();
    if (events.length > 0) await expect.poll(() => follower.dispatcher.status.position).not.toBe('5:1:1');
    await reconnect(service, follower.nextLive());
    return service.seen
      .filter(({ method }) => method.startsWith('Stream'))
      .map(({ metadata }) => metadata.get('resume-after'));
  }

  it('is that of the last change, by which the next stream is asked to go on', async () => {
    expect(await resumeAfter([])).toEqual([undefined, '5:1:1']);
    expect(await resumeAfter([created])).toEqual([undefined, `6:${at2026}:7`]);
  });

  it('goes on over an event that cannot be read', async () => {
    const unreadable = { dispatch: dispatch({ data: undefined }), event: Event.UPDATED };
    expect(await resumeAfter([created, unreadable])).toEqual([undefined, `7:${at2026}:7`]);
  });

  it('is unknown after an event that does not say what it is about, until the next one that does', async () => {
    expect(await resumeAfter([created, { event: Event.UPDATED }])).toEqual([undefined, undefined]);
    expect(await resumeAfter([{ event: Event.UPDATED }, created])).toEqual([undefined, `7:${at2026}:7`]);
  });

  it('is asked for as ever when the service does not resume, and then all is listed', async () => {
    await using service = await headedService(() => ({ 'change-log-position': '5:1:1' }));
    await using follower = await followOver(service.address);
    await follower.dispatcher.ready();
    await reconnect(service, follower.nextLive());
    expect(service.seen.filter(({ method }) => method.startsWith('List'))).toHaveLength(2);
  });
});
