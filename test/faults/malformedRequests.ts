import { ListMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { keysFile } from '../support/keysFile.js';
import type { StorePlace } from '../support/stores.js';
import { type AcceptedCalls, acceptedCalls } from './malformed/acceptedCalls.js';
import { brokenRequest } from './malformed/brokenRequests.js';
import { AUTH_KEY, type CallRequest, callMaker, httpRequest } from './malformed/callRequests.js';
import { type HttpAnswer, type HttpCaller, httpCaller } from './malformed/httpCaller.js';
import { type InspectedService, inspectedService } from './malformed/inspectedService.js';
import { rawConnections } from './malformed/rawConnections.js';
import { randomNumbers } from './random.js';

/** How much to send. */
export interface MalformedPlan {
  /** Requests of all kinds, about. */
  readonly requests: number;
  /** Decides what is sent; but what the service gives, ids and page tokens, goes into it, too. */
  readonly seed: number;
}

/** What a run came to. */
export interface MalformedReport {
  /** Answers, by what was sent and what came back. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Entries of the change logs: what was accepted. */
  readonly changes: number;
  /** The longest that a client without malice waited for an answer. */
  readonly slowestMs: number;
  /** Memory of the service after the rounds that come first, and in the end. */
  readonly usedBytes: { readonly before: number; readonly after: number };
  readonly residentBytes: { readonly before: number; readonly after: number };
}

/** Requests of a round at most; what comes at once takes its time, and a client without malice waits behind it. */
const ROUND_REQUESTS = 2_000;
const MIN_ROUNDS = 5;
/** Memory is compared from this part of the rounds on: a program takes what it needs once. */
const WARM_PART = 0.3;
/** Of a hundred requests. */
const SHARES = { calls: 60, broken: 35, connections: 5 };
const TOGETHER = 24;
/** Page tokens that are kept, to be sent again. */
const MAX_PAGE_TOKENS = 50;
/** The requests come faster than those of a client should, and are to be looked at nevertheless. */
const UNLIMITED = ['--limit', 'callsPerSecond=1000000'];
/** A microgrid that no malformed request names, and a key of its own: calls that never end use up the limit of theirs. */
const FRIEND_MICROGRID_ID = 77;
const FRIEND_KEY = 'well-mannered-key';
/** How long a client without malice waits for an answer. */
const FRIEND_MS = 30_000;

/**
 * Sends a service, `dispatch serve` in a process of its own, calls with hostile values, calls that are broken below their
 * message, and connections without manners. Each call must get a clear status; between the rounds a client without malice
 * must be served; in the end the change logs must hold what was accepted and nothing else, and the service must have
 * reported no failure.
 *
 * @throws Error with what is wrong.
 */
export async function sendMalformed(place: StorePlace, { requests, seed }: MalformedPlan): Promise<MalformedReport> {
  const random = randomNumbers(seed);
  const accepted = acceptedCalls();
  const outcomes = new Map<string, number>();
  const pageTokens: string[] = [];
  const makeCall = callMaker();
  const newCall = () => makeCall({ random, dispatchIds: accepted.recentIds, pageTokens });
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  let slowestMs = 0;
  const memory: Awaited<ReturnType<InspectedService['memory']>>[] = [];

  const rounds = Math.max(MIN_ROUNDS, Math.ceil(requests / ROUND_REQUESTS));

  using keys = keysFile([
    { name: 'malformed', key: AUTH_KEY, microgrids: 'all' },
    { name: 'friend', key: FRIEND_KEY, microgrids: [FRIEND_MICROGRID_ID] },
  ]);
  await using service = await inspectedService(place.database, ['--keys', keys.path, ...UNLIMITED]);
  for (let round = 0; round < rounds; round += 1) {
    const share = (percent: number) => Math.ceil((requests * percent) / 100 / rounds);
    await together(share(SHARES.calls), service.port, async caller => {
      const call = newCall();
      const answer = await caller.call(httpRequest(call));
      accepted.note(call.method, [call.message], answer);
      pageTokens.push(...pageTokenIn(call.method, answer));
      if (pageTokens.length > MAX_PAGE_TOKENS) pageTokens.shift();
      count(`call: ${checked(answer, call)}`);
    });
    await together(share(SHARES.broken), service.port, async caller => {
      const call = newCall();
      const request = brokenRequest(call, random);
      const answer = await caller.call(request);
      const path = String(request.headers[':path']);
      // Behind the five bytes of its frame, unless that is broken or it is compressed.
      accepted.note(path.split('/').at(-1) ?? '', [call.message, request.body.subarray(5)], answer);
      count(`broken: ${checked(answer, call, path)}`);
    });
    {
      await using connections = rawConnections(service.port);
      await together(share(SHARES.connections), service.port, async () => count(await connections.attack(random)));
      slowestMs = Math.max(slowestMs, await serveFriend(service.port));
    }
    memory.push(await service.memory());
  }
  const said = await service.stop();
  const failures = said.filter(line => /^error: |"level":(50|60|"error"|"fatal")/.test(line));
  if (said.some(line => line.includes(AUTH_KEY) || line.includes(FRIEND_KEY)))
    throw new Error('the service told its key');
  if (failures.length > 0) throw new Error(`the service reported failures of its own: ${failures.join('\n')}`);
  const [before, after] = [memory[Math.floor(rounds * WARM_PART) - 1], memory.at(-1)];
  return {
    outcomes,
    changes: await checkStore(place, accepted),
    slowestMs,
    usedBytes: { before: before?.usedBytes ?? 0, after: after?.usedBytes ?? 0 },
    residentBytes: { before: before?.residentBytes ?? 0, after: after?.residentBytes ?? 0 },
  };
}

/** Does something so many times, a number of them at the same time, each with a connection of its own. */
async function together(times: number, port: number, act: (caller: HttpCaller) => Promise<unknown>): Promise<void> {
  let begun = 0;
  const workers = Array.from({ length: TOGETHER }, async () => {
    await using caller = httpCaller(port);
    while (begun < times) {
      begun += 1;
      await act(caller);
    }
  });
  await Promise.all(workers);
}

/** The token of the next page, where an answer holds one. */
function pageTokenIn(method: string, { status, body }: HttpAnswer): string[] {
  if (method !== 'ListMicrogridDispatches' || status !== 0) return [];
  // Behind the five bytes of its frame.
  const token = ListMicrogridDispatchesResponse.decode(body.subarray(5)).paginationInfo?.nextPageToken;
  return token ? [token] : [];
}

/** What grpc-js says by itself with a status that tells of a bug: of frames and compression, which are below messages. */
const LIBRARY_SAYS = ['Failed to decompress message', 'Invalid grpc-timeout value'];
/** What it says of messages to services that are not ours, such as health. */
const SAYS_OF_OTHERS = [...LIBRARY_SAYS, 'Error deserializing request'];

/**
 * How it was answered. UNKNOWN and INTERNAL tell of a bug in the service, no answer at all of a worse one.
 *
 * @throws Error for those.
 */
function checked({ outcome, status, message }: HttpAnswer, { method, message: sent }: CallRequest, path = ''): string {
  const bug = outcome === 'no answer' || status === 2 || status === 13;
  if (!bug) return outcome;
  const known = (path.startsWith('/grpc.') ? SAYS_OF_OTHERS : LIBRARY_SAYS).find(said => message.startsWith(said));
  if (known !== undefined) return `${outcome}, grpc-js: ${known}`;
  const bytes = sent.toString('base64').slice(0, 2_000);
  throw new Error(`${method} was answered with ${outcome} '${message}'. Its message: ${bytes}`);
}

/** A client without malice must be served as ever. Returns how long the slowest of its calls took. */
async function serveFriend(port: number): Promise<number> {
  const address = `grpc://127.0.0.1:${port}?ssl=false`;
  await using client = new DispatchClient({ address, authKey: FRIEND_KEY, callTimeoutMs: FRIEND_MS });
  const friend = client.forMicrogrid(FRIEND_MICROGRID_ID);
  let slowestMs = 0;
  async function timed<Result>(call: Promise<Result>): Promise<Result> {
    const fromMs = performance.now();
    const result = await call;
    slowestMs = Math.max(slowestMs, Math.ceil(performance.now() - fromMs));
    return result;
  }
  const { id } = await timed(friend.create({ type: 'FRIEND', startTime: 'NOW', selector: { ids: [1] } }));
  await timed(friend.get(id));
  for await (const { type } of friend.list()) if (type !== 'FRIEND') throw new Error(`a ${type} came to a friend`);
  await timed(friend.delete(id));
  return slowestMs;
}

async function checkStore(place: StorePlace, accepted: AcceptedCalls): Promise<number> {
  const store = await place.open();
  try {
    return await accepted.check(store);
  } finally {
    await store.close();
  }
}
