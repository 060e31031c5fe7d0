import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  GetMicrogridDispatchRequest,
  GetMicrogridDispatchResponse,
  ListMicrogridDispatchesRequest,
  ListMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { certificateAuthority } from '../support/certificates.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { makeCalls, SERVICE_PATH } from './bareCalls.js';
import { startService } from './benchService.js';
import { check, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import { firstEvents, readEvents, type ServicePlace, type StreamPlace } from './httpStreams.js';
import type { Report } from './report.js';
import { formatOf, makeWebCalls, WEB_FORMATS } from './webCalls.js';

const NAME = 'http';
const GRPC = 'gRPC';
const CALLERS = 32;
const GETS = 10_000;
const PAGE_SIZE = 1_000;
const EVENTS = [
  { streams: 1, count: 10_000 },
  { streams: 50, count: 500 },
];
const MICROGRID_ID = 1n;

/** Calls of one protocol. */
interface ProtocolTask extends ServicePlace {
  readonly protocol: string;
  readonly dispatches: number;
}

/** What is measured: a protocol at a service. */
interface Candidate extends ProtocolTask, StreamPlace {
  readonly figures: ReturnType<typeof newFigures>;
}

/**
 * What a service does over gRPC-Web, Connect and JSON, beside gRPC, in the same rounds: without TLS, which is HTTP/1.1 but for gRPC, and over TLS with
 * HTTP/2. The callers use Node's HTTP and grpc-js alone, in processes of their own. As they compete with the service for the processor, calls are also
 * told by the processor time that they cost it.
 */
export function httpBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description(
      'calls, pages and events of a service over gRPC-Web, Connect and JSON, beside gRPC, without TLS and with it',
    )
    .option('--count <n>', 'dispatches to list', positiveInteger, 20_000)
    .option('--rounds <n>', 'rounds of which the best counts: the machine may be shared', positiveInteger, 3)
    .action(async ({ count, rounds }: { count: number; rounds: number }) => {
      using folder = temporaryFolder();
      const authority = certificateAuthority(folder.path, 'authority');
      await using plain = await startService(count);
      await using secure = await startService(count, { tls: authority.issue('service') });
      const places = [
        { service: plain, ca: undefined },
        { service: secure, ca: readFileSync(authority.certificate, 'utf8') },
      ];
      const candidates = places.flatMap(({ service, ca }) =>
        [GRPC, ...WEB_FORMATS.map(({ name }) => name)].map((protocol): Candidate => {
          const { port, webUrl } = service;
          return { protocol, service, ca, port, webUrl, dispatches: count, figures: newFigures() };
        }),
      );
      for (let left = rounds; left > 0; left--) for (const candidate of candidates) await measure(candidate);
      for (const { protocol, ca, figures } of candidates) {
        const grpc = candidates.find(other => other.protocol === GRPC && other.ca === ca);
        const own = summary(figures);
        const getsPerGrpc = round(own.getsPerSecond / summary(grpc?.figures ?? figures).getsPerSecond);
        report(NAME, { protocol, tls: ca !== undefined, ...own, getsPerGrpc });
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

async function measure(candidate: Candidate): Promise<void> {
  const { service, figures, ...task } = candidate;
  const { dispatches } = task;
  const beforeMs = await service.cpuMs();
  const { tookMs } = await inFreshProcess(import.meta.url, getOverHttp, task);
  figures.getCpuUs.push((1_000 * ((await service.cpuMs()) - beforeMs)) / GETS);
  figures.gets.push((1_000 * GETS) / tookMs);
  const list = await inFreshProcess(import.meta.url, listOverHttp, task);
  figures.listed.push((1_000 * dispatches) / list.tookMs);
  for (const [index, { streams, count }] of EVENTS.entries()) {
    figures.events[index]?.push((1_000 * streams * count) / (await readEvents(candidate, streams, count)));
  }
  const { openedMs, firstMs } = await firstEvents(candidate);
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
  { protocol, port, webUrl, ca }: ProtocolTask,
  method: string,
  count: number,
  callers: number,
  calls: RequestsAndAnswers,
): Promise<number> {
  const format = formatOf(protocol);
  const path = `${SERVICE_PATH}/${method}`;
  return format
    ? makeWebCalls({ webUrl, ca, path, format, callers, count, ...calls })
    : makeCalls({ port, ca, path, callers, count, ...calls });
}
