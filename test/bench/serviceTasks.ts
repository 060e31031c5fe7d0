import {
  CreateMicrogridDispatchRequest,
  CreateMicrogridDispatchResponse,
  GetMicrogridDispatchRequest,
  GetMicrogridDispatchResponse,
  StreamMicrogridDispatchesRequest,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { createWrite } from '../../src/service/domain/dispatchWrites.js';
import { openStore } from '../../src/service/store/openStore.js';
import { ECHO_PATH, makeCalls, openStreams, SERVICE_PATH } from './bareCalls.js';
import type { BenchService } from './benchService.js';
import { check } from './figures.js';

/** The microgrid that a service has dispatches of from the beginning. */
const FULL_MICROGRID_ID = 1;
/** About what a get is answered with. */
const ECHO_BYTES = 200;

/** What many callers do at the same time. */
export interface CallTask {
  readonly callers: number;
  readonly count: number;
}

/** @public Run by name in a process of its own: creates dispatches in the store itself, in a microgrid of its own. */
export async function createInStore(task: CallTask & { database: string; microgridId: number }) {
  const { database, microgridId, callers, count } = task;
  const store = await openStore(database);
  try {
    const request = CreateMicrogridDispatchRequest.decode(creation(microgridId));
    const ids = new Set<number>();
    let left = count;
    const startMs = performance.now();
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (left-- > 0) ids.add((await store.apply(microgridId, createWrite(request))).dispatch?.id ?? 0);
      }),
    );
    const tookMs = performance.now() - startMs;
    const head = await store.head(microgridId);
    check(ids.size === count && head === count, `${ids.size} ids and ${head} changes of ${count} creations`);
    return { tookMs };
  } finally {
    await store.close();
  }
}

/** @public Run by name in a process of its own: creates dispatches over gRPC. */
export async function createOverGrpc({
  port,
  microgridId,
  callers,
  count,
}: CallTask & { port: number; microgridId: number }) {
  const request = creation(microgridId);
  const ids = new Set<bigint | undefined>();
  const tookMs = await makeCalls({
    port,
    path: `${SERVICE_PATH}/CreateMicrogridDispatch`,
    callers,
    count,
    request: () => request,
    answered: answer => ids.add(CreateMicrogridDispatchResponse.decode(answer).dispatch?.metadata?.dispatchId),
  });
  check(ids.size === count && !ids.has(undefined), `${ids.size} ids of ${count} creations`);
  return { tookMs };
}

/** @public Run by name in a process of its own: gets dispatches of a service that has so many, in no order. */
export async function getOverGrpc({
  port,
  callers,
  count,
  dispatches,
}: CallTask & { port: number; dispatches: number }) {
  const idOf = (index: number) => BigInt(((index * 7_919) % dispatches) + 1);
  const answers: Buffer[] = [];
  const tookMs = await makeCalls({
    port,
    path: `${SERVICE_PATH}/GetMicrogridDispatch`,
    callers,
    count,
    request: index =>
      GetMicrogridDispatchRequest.encode({ microgridId: BigInt(FULL_MICROGRID_ID), dispatchId: idOf(index) }).finish(),
    answered(answer, index) {
      answers[index] = answer;
    },
  });
  for (const [index, answer] of answers.entries()) {
    const id = GetMicrogridDispatchResponse.decode(answer).dispatch?.metadata?.dispatchId;
    check(id === idOf(index), `${id} was got for ${idOf(index)}`);
  }
  return { tookMs };
}

/** @public Run by name in a process of its own: calls a server that answers with the request. */
export async function echo({ port, callers, count }: CallTask & { port: number }) {
  const request = new Uint8Array(ECHO_BYTES).fill(1);
  let bytes = 0;
  const tookMs = await makeCalls({
    port,
    path: ECHO_PATH,
    callers,
    count,
    request: () => request,
    answered(answer) {
      bytes += answer.length;
    },
  });
  check(bytes === count * ECHO_BYTES, `${bytes} bytes came back`);
  return { tookMs };
}

/** Reads all that a service sends to so many streams while it changes its dispatches. */
export async function readChanges(service: BenchService, streams: number, count: number) {
  const request = StreamMicrogridDispatchesRequest.encode({ microgridId: BigInt(FULL_MICROGRID_ID) }).finish();
  using open = await openStreams(service.port, `${SERVICE_PATH}/StreamMicrogridDispatches`, request, streams);
  const received = open.received(count);
  const [{ tookMs, messages }] = await Promise.all([received, service.update(count)]);
  const [first = []] = messages;
  let lastNs = 0n;
  for (const message of first) {
    const time = StreamMicrogridDispatchesResponse.decode(message).dispatch?.metadata?.updateTime;
    const ns = (time?.seconds ?? 0n) * 1_000_000_000n + BigInt(time?.nanos ?? 0);
    check(ns > lastNs, 'a change came twice or too late');
    lastNs = ns;
  }
  const whole = Buffer.concat(first);
  check(
    messages.every(other => Buffer.concat(other).equals(whole)),
    'two streams got different changes',
  );
  return { tookMs };
}

function creation(microgridId: number): Uint8Array {
  return CreateMicrogridDispatchRequest.encode(
    CreateMicrogridDispatchRequest.fromPartial({
      microgridId: BigInt(microgridId),
      dispatchData: {
        type: 'CHARGE',
        startTime: { seconds: BigInt(Math.floor(Date.now() / 1000) + 3_600), nanos: 0 },
        duration: 3_600,
        target: { components: { $case: 'componentIds', value: { ids: [1n, 2n] } } },
        isActive: true,
        payload: { power_kw: 4.2, mode: 'peak-shaving' },
      },
    }),
  ).finish();
}
