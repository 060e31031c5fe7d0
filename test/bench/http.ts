import type { Command } from 'commander';
import {
  GetMicrogridDispatchRequest,
  GetMicrogridDispatchResponse,
  ListMicrogridDispatchesRequest,
  ListMicrogridDispatchesResponse,
  StreamMicrogridDispatchesRequest,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { makeCalls, openBareStream, SERVICE_PATH } from './bareCalls.js';
import { type BenchService, startService } from './benchService.js';
import { check, median, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';
import { makeWebCalls, openWebStream, WEB_FORMATS, type WebFormat, type WebStream } from './webCalls.js';

const NAME = 'http';
const GRPC = 'gRPC';
const CALLERS = 32;
const GETS = 10_000;
const PAGE_SIZE = 1_000;
const EVENTS = [
  { streams: 1, count: 10_000 },
  { streams: 50, count: 500 },
];
const CHANGES_AT_ONCE = 250;
const FIRST_EVENTS = 50;
const MICROGRID_ID = 1n;
const STREAM = StreamMicrogridDispatchesRequest.encode({ microgridId: MICROGRID_ID }).finish();

/** Calls of one protocol. */
interface ProtocolTask {
  readonly protocol: string;
  readonly port: number;
  readonly webUrl: string;
  readonly dispatches: number;
}

/**
 * What a service does over gRPC-Web, Connect and JSON, beside gRPC, in the same rounds. The callers use Node's HTTP and grpc-js alone, in processes of
 * their own. As they compete with the service for the processor, calls are also told by the processor time that they cost it.
 */
export function httpBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('calls, pages and events of a service over gRPC-Web, Connect and JSON, beside gRPC')
    .option('--count <n>', 'dispatches to list', positiveInteger, 20_000)
    .option('--rounds <n>', 'rounds of which the best counts: the machine may be shared', positiveInteger, 3)
    .action(async ({ count, rounds }: { count: number; rounds: number }) => {
      await using service = await startService(count);
      const protocols = [GRPC, ...WEB_FORMATS.map(({ name }) => name)];
      const figures = new Map(protocols.map(protocol => [protocol, newFigures()]));
      for (let left = rounds; left > 0; left--) {
        for (const protocol of protocols)
          await measure(service, protocol, count, figures.get(protocol) ?? newFigures());
      }
      const ofGrpc = summary(figures.get(GRPC) ?? newFigures());
      for (const [protocol, found] of figures) {
        const own = summary(found);
        report(NAME, { protocol, ...own, getsPerGrpc: round(own.getsPerSecond / ofGrpc.getsPerSecond) });
      }
    });
}

function newFigures() {
  return {
    gets: [] as number[],
    getCpuUs: [] as number[],
    listed: [] as number[],
    events: EVENTS.map(() => [] as number[]),
    opened: [] as number[],
    first: [] as number[],
  };
}

function summary({ gets, getCpuUs, listed, events, opened, first }: ReturnType<typeof newFigures>) {
  const rates = EVENTS.map(({ streams }, i) => [
    `eventsPerSecondOf${streams}`,
    Math.round(Math.max(...(events[i] ?? []))),
  ]);
  return {
    getsPerSecond: Math.round(Math.max(...gets)),
    serviceCpuUsPerGet: Math.round(Math.min(...getCpuUs)),
    listedPerSecond: Math.round(Math.max(...listed)),
    ...(Object.fromEntries(rates) as Record<string, number>),
    openedMs: round(Math.min(...opened)),
    firstEventMs: round(Math.min(...first)),
  };
}

async function measure(
  service: BenchService,
  protocol: string,
  dispatches: number,
  figures: ReturnType<typeof newFigures>,
): Promise<void> {
  const task: ProtocolTask = { protocol, port: service.port, webUrl: service.webUrl, dispatches };
  const beforeMs = await service.cpuMs();
  const { tookMs } = await inFreshProcess(import.meta.url, getOverHttp, task);
  figures.getCpuUs.push((1_000 * ((await service.cpuMs()) - beforeMs)) / GETS);
  figures.gets.push((1_000 * GETS) / tookMs);
  const list = await inFreshProcess(import.meta.url, listOverHttp, task);
  figures.listed.push((1_000 * dispatches) / list.tookMs);
  for (const [index, { streams, count }] of EVENTS.entries()) {
    figures.events[index]?.push((1_000 * streams * count) / (await readEvents(service, protocol, streams, count)));
  }
  const { openedMs, firstMs } = await firstEvents(service, protocol);
  figures.opened.push(openedMs);
  figures.first.push(firstMs);
}

/** @public Run by name in a process of its own: gets dispatches in no order. */
export async function getOverHttp(task: ProtocolTask) {
  const format = formatOf(task.protocol);
  const idOf = (index: number) => BigInt(((index * 7_919) % task.dispatches) + 1);
  const answers: Buffer[] = [];
  const tookMs = await makeCallsOf(task, 'GetMicrogridDispatch', GETS, CALLERS, {
    request: index =>
      format?.isJson
        ? Buffer.from(`{"microgridId":"${MICROGRID_ID}","dispatchId":"${idOf(index)}"}`)
        : GetMicrogridDispatchRequest.encode({ microgridId: MICROGRID_ID, dispatchId: idOf(index) }).finish(),
    answered(answer, index) {
      answers[index] = answer;
    },
  });
  for (const [index, answer] of answers.entries()) {
    const id = format?.isJson
      ? BigInt(JSON.parse(String(answer)).dispatch.metadata.dispatchId)
      : GetMicrogridDispatchResponse.decode(answer).dispatch?.metadata?.dispatchId;
    check(id === idOf(index), `${id} was got for ${idOf(index)}`);
  }
  return { tookMs };
}

/** @public Run by name in a process of its own: lists all dispatches, page by page. */
export async function listOverHttp(task: ProtocolTask) {
  const isJson = formatOf(task.protocol)?.isJson ?? false;
  let token: string | null = null;
  let tookMs = 0;
  let listed = 0;
  do {
    let page: Buffer = Buffer.alloc(0);
    tookMs += await makeCallsOf(task, 'ListMicrogridDispatches', 1, 1, {
      request: () => listRequest(token, isJson),
      answered(answer) {
        page = answer;
      },
    });
    const answer = isJson ? JSON.parse(String(page)) : ListMicrogridDispatchesResponse.decode(page);
    listed += answer.dispatches.length;
    token = answer.paginationInfo?.nextPageToken ?? null;
  } while (token !== null);
  check(listed === task.dispatches, `${listed} of ${task.dispatches} dispatches were listed`);
  return { tookMs };
}

function listRequest(pageToken: string | null, isJson: boolean): Uint8Array {
  const params = pageToken === null ? { pageSize: PAGE_SIZE } : { pageToken };
  if (isJson) return Buffer.from(JSON.stringify({ microgridId: String(MICROGRID_ID), paginationParams: params }));
  const request = ListMicrogridDispatchesRequest.fromPartial({
    microgridId: MICROGRID_ID,
    paginationParams: {
      params: pageToken === null ? { $case: 'pageSize', value: PAGE_SIZE } : { $case: 'pageToken', value: pageToken },
    },
  });
  return ListMicrogridDispatchesRequest.encode(request).finish();
}

interface RequestsAndAnswers {
  request(index: number): Uint8Array;
  answered(answer: Buffer, index: number): void;
}

function makeCallsOf(
  { protocol, port, webUrl }: ProtocolTask,
  method: string,
  count: number,
  callers: number,
  calls: RequestsAndAnswers,
): Promise<number> {
  const format = formatOf(protocol);
  const path = `${SERVICE_PATH}/${method}`;
  return format
    ? makeWebCalls({ webUrl, path, format, callers, count, ...calls })
    : makeCalls({ port, path, callers, count, ...calls });
}

/** The format of a protocol; undefined for gRPC. */
function formatOf(protocol: string): WebFormat | undefined {
  return WEB_FORMATS.find(({ name }) => name === protocol);
}

/** Reads all that a service sends to so many streams while it changes its dispatches; returns how long that took. */
async function readEvents(service: BenchService, protocol: string, streams: number, count: number): Promise<number> {
  const opened = await Promise.all(Array.from({ length: streams }, () => openStream(service, protocol)));
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
    await Promise.all([all, service.update(CHANGES_AT_ONCE)]);
  }
  const tookMs = performance.now() - startMs;
  for (const stream of opened) stream[Symbol.dispose]();
  return tookMs;
}

function streamRequest({ isJson }: WebFormat): Uint8Array {
  return isJson ? Buffer.from(`{"microgridId":"${MICROGRID_ID}"}`) : STREAM;
}

/** How long it takes until a stream is open, and from a change until its event arrives. */
async function firstEvents(service: BenchService, protocol: string) {
  const openedMs: number[] = [];
  const firstMs: number[] = [];
  for (let i = 0; i < FIRST_EVENTS; i++) {
    const startMs = performance.now();
    using stream = await openStream(service, protocol);
    openedMs.push(performance.now() - startMs);
    const arrived = new Promise<number>(resolve => {
      stream.onMessage = () => resolve(performance.now());
    });
    const changedMs = performance.now();
    await service.update(1);
    firstMs.push((await arrived) - changedMs);
  }
  return { openedMs: median(openedMs), firstMs: median(firstMs) };
}

function openStream({ port, webUrl }: BenchService, protocol: string): Promise<WebStream> {
  const format = formatOf(protocol);
  const path = `${SERVICE_PATH}/StreamMicrogridDispatches`;
  return format ? openWebStream(webUrl, path, format, streamRequest(format)) : openBareStream(port, path, STREAM);
}
