import { StreamMicrogridDispatchesRequest } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { openBareStream, SERVICE_PATH } from './bareCalls.js';
import type { BenchService } from './benchService.js';
import { median } from './figures.js';
import { formatOf, openWebStream, type WebFormat, type WebStream } from './webCalls.js';
import type { WebPlace } from './webTransport.js';

const CHANGES_AT_ONCE = 250;
const FIRST_EVENTS = 50;
const MICROGRID_ID = 1n;
const STREAM = StreamMicrogridDispatchesRequest.encode({ microgridId: MICROGRID_ID }).finish();

/** Where a service answers over gRPC and over HTTP, without TLS or with it. */
export type ServicePlace = WebPlace & Pick<BenchService, 'port'>;

/** A service, and the protocol of the streams from it. */
export interface StreamPlace extends ServicePlace {
  readonly protocol: string;
  readonly service: BenchService;
}

/** Reads all that a service sends to so many streams while it changes its dispatches; returns how long that took. */
export async function readEvents(place: StreamPlace, streams: number, count: number): Promise<number> {
  const opened = await Promise.all(Array.from({ length: streams }, () => openStream(place)));
  let missing = 0;
  let arrived: () => void = () => {};
  const onMessage = () => {
    missing -= 1;
    if (missing === 0) arrived();
  };
  for (const stream of opened) stream.onMessage = onMessage;
  const startMs = performance.now();
  // So many that none are dropped because too many wait.
  for (let from = 0; from < count; from += CHANGES_AT_ONCE) {
    missing = streams * CHANGES_AT_ONCE;
    const all = new Promise<void>(resolve => {
      arrived = resolve;
    });
    await Promise.all([all, place.service.update(CHANGES_AT_ONCE)]);
  }
  const tookMs = performance.now() - startMs;
  for (const stream of opened) stream[Symbol.dispose]();
  return tookMs;
}

function streamRequest({ isJson }: WebFormat): Uint8Array {
  return isJson ? Buffer.from(`{"microgridId":"${MICROGRID_ID}"}`) : STREAM;
}

/** How long it takes until a stream is open, and from a change until its event arrives. */
export async function firstEvents(place: StreamPlace) {
  const openedMs: number[] = [];
  const firstMs: number[] = [];
  for (let i = 0; i < FIRST_EVENTS; i++) {
    const startMs = performance.now();
    using stream = await openStream(place);
    openedMs.push(performance.now() - startMs);
    const arrived = new Promise<number>(resolve => {
      stream.onMessage = () => resolve(performance.now());
    });
    const changedMs = performance.now();
    await place.service.update(1);
    firstMs.push((await arrived) - changedMs);
  }
  return { openedMs: median(openedMs), firstMs: median(firstMs) };
}

function openStream({ protocol, ...place }: StreamPlace): Promise<WebStream> {
  const format = formatOf(protocol);
  const path = `${SERVICE_PATH}/StreamMicrogridDispatches`;
  return format ? openWebStream(place, path, format, streamRequest(format)) : openBareStream(place, path, STREAM);
}
