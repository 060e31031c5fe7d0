import { setTimeout as pause } from 'node:timers/promises';
import { DispatchClient } from '../../../src/client/dispatchClient.js';
import { Dispatcher } from '../../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../../src/logger.js';
import { deferred } from '../../support/deferred.js';
import { http2Gateway } from '../../support/http2Gateway.js';
import { held, truth } from '../../support/resumableService.js';
import { tcpProxy } from '../../support/tcpProxy.js';
import { integer, randomNumbers } from '../random.js';
import { type Between, type ConnectionFault, connectionFaults, type FaultTimes, within } from './connectionFaults.js';
import { Editor } from './editor.js';
import { Oracles, observe, unequalStates } from './oracles.js';
import type { Peer } from './peer.js';

/** What one dispatcher goes through. */
export interface LanePlan {
  readonly peer: Peer;
  readonly microgridId: number;
  readonly faults: number;
  /** Decides the changes, the faults and when they happen. */
  readonly seed: number;
  /** The kind of the first fault, by its place; the others follow in order. */
  readonly firstKind: number;
  readonly times: FaultTimes;
}

/** How soon a dispatcher had the truth again after a fault. */
export interface Convergence extends Pick<ConnectionFault, 'kind' | 'group'> {
  /** Since the other side was back, or since the dispatcher noticed the loss, whichever was later. */
  readonly ms: number;
  /** Of it, beyond the wait that the dispatcher had planned when the other side was back. */
  readonly beyondWaitMs: number;
  /** Whether it listed all dispatches, and did not go on where it was. */
  readonly listed: boolean;
}

/** What a dispatcher went through. */
export interface LaneReport {
  readonly convergences: readonly Convergence[];
  readonly changes: number;
  readonly lifecycleEvents: number;
  readonly runNotifications: number;
}

/** What has not come so long after the other side is back is lost. */
const maxConvergeMs = 60_000;

/**
 * Lets faults happen to the connection of a dispatcher, one after the other, while dispatches are changed at its service. After each
 * of them its state must be that of the service, and what it said what the oracles say.
 *
 * @throws Error with what is wrong.
 */
export async function playLane(plan: LanePlan): Promise<LaneReport> {
  const { peer, microgridId, seed, firstKind, times, faults: count } = plan;
  const random = randomNumbers(seed);
  await using gateway = await http2Gateway(peer.target);
  await using proxy = await tcpProxy(gateway.port);
  await using client = new DispatchClient({ address: peer.address });
  const editor = new Editor(client.forMicrogrid(microgridId), random, peer);
  for (let i = 0; i < 4; i++) await editor.change();

  const keepAliveS = times.keepAliveMs / 1_000;
  const limits = `keep_alive_interval_s=${keepAliveS}&keep_alive_timeout_s=${keepAliveS}`;
  const address = `grpc://127.0.0.1:${proxy.port}?ssl=false&${limits}`;
  await using dispatcher = new Dispatcher({ microgridId, address, logger: silentLogger, warmUp: false });
  const observed = observe(dispatcher, peer);
  await dispatcher.start();
  await dispatcher.ready({ timeoutMs: maxConvergeMs });
  const oracles = new Oracles(editor, peer);
  const listCount = () => gateway.passedCount('ListMicrogridDispatches');
  let listedBefore = 0;
  const compare = async (when: string) => {
    const listed = listCount();
    const hasListed = listed > listedBefore;
    listedBefore = listed;
    const differences = oracles.compare(observed.takeOutputs(), hasListed);
    const unequal = unequalStates(held(dispatcher), await truth(peer.address, microgridId));
    const wrong = { ...differences, unequal, problems: observed.problems };
    if (Object.values(wrong).every(({ length }) => length === 0)) return;
    throw new Error(`microgrid ${microgridId}, seed ${seed}, ${when}: ${JSON.stringify(wrong)}`);
  };
  await converged(editor, dispatcher, 'at the beginning');
  await compare('at the beginning');

  const convergences: Convergence[] = [];
  const kinds = connectionFaults(times);
  for (let i = 0; i < count; i++) {
    const fault = kinds[(firstKind + i) % kinds.length] as ConnectionFault;
    // What it holds may be right before it is live, and only then its connection counts as healthy for a while.
    await live(dispatcher);
    const calmChanges = integer(1, 3, random);
    const calmMs = within(times.calmMs, random);
    for (let left = calmChanges; left > 0; left--) {
      await editor.change();
      await pause(calmMs / calmChanges);
    }
    const when = `after fault ${i + 1}, '${fault.kind}'`;
    const listedBeforeFault = listCount();
    const figures = await suffer(fault, { path: { proxy, gateway }, random, editor, dispatcher, when });
    await compare(when);
    convergences.push({ ...figures, listed: listCount() > listedBeforeFault });
  }
  return {
    convergences,
    changes: editor.count,
    lifecycleEvents: observed.lifecycleCount,
    runNotifications: observed.runCount,
  };
}

interface Sufferer {
  readonly path: Between;
  readonly random: () => number;
  readonly editor: Editor;
  readonly dispatcher: Dispatcher;
  readonly when: string;
}

/** Lets a fault happen amid changes, and waits until the dispatcher has what the service has. */
async function suffer(
  fault: ConnectionFault,
  { path, random, editor, dispatcher, when }: Sufferer,
): Promise<Omit<Convergence, 'listed'>> {
  let noticedMs = Number.NEGATIVE_INFINITY;
  using _ = undone(
    dispatcher.on('sync', ({ state }) => {
      if (state === 'waiting' && noticedMs < 0) noticedMs = performance.now();
    }),
  );
  let hasBegun = false;
  const begun = Promise.resolve(fault.begin(path, random)).then(() => {
    hasBegun = true;
  });
  // A change may come by a list.
  while (fault.needsChange && !hasBegun) {
    await editor.change();
    await Promise.race([begun, pause(100)]);
  }
  await begun;
  const endsMs = performance.now() + (fault.durationMs === undefined ? 0 : within(fault.durationMs, random));
  const changes = integer(1, 4, random);
  const pauses = Array.from({ length: changes }, () => random());
  for (const [i, part] of pauses.entries()) {
    await editor.change({ lasting: i === changes - 1 });
    // Most of them come early in a fault that lasts.
    await pause(Math.max(0, (endsMs - performance.now()) * part * 0.5));
  }
  await pause(Math.max(0, endsMs - performance.now()));
  await fault.end?.(path);
  const backMs = performance.now();
  const { retryAtMs } = dispatcher.status;
  const plannedMs = retryAtMs === null ? backMs : backMs + Math.max(0, retryAtMs - Date.now());
  if (random() < 0.3) await editor.change({ lasting: true });
  await converged(editor, dispatcher, when);
  const doneMs = performance.now();
  const sinceMs = noticedMs < doneMs ? Math.max(backMs, noticedMs) : backMs;
  const { kind, group } = fault;
  return { kind, group, ms: doneMs - sinceMs, beyondWaitMs: Math.max(0, doneMs - Math.max(sinceMs, plannedMs)) };
}

/** Resolves when the dispatcher is live. */
async function live(dispatcher: Dispatcher): Promise<void> {
  if (dispatcher.status.state === 'live') return;
  const isLive = deferred();
  const undo = dispatcher.on('sync', ({ state }) => {
    if (state === 'live') isLive.resolve();
  });
  await isLive.promise;
  undo();
}

/** Resolves when the dispatcher holds the versions of the service. */
function converged({ present }: Editor, dispatcher: Dispatcher, when: string): Promise<void> {
  const isEqual = () =>
    dispatcher.dispatches.size === present.size &&
    [...present].every(([id, updateTime]) => dispatcher.dispatches.get(id)?.record.updateTime === updateTime);
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!isEqual()) return;
      undo();
      clearTimeout(timer);
      resolve();
    };
    const undo = dispatcher.on('lifecycle', look);
    const timer = setTimeout(() => {
      undo();
      const message = `${when}: not the state of the service after ${maxConvergeMs} ms, but ${JSON.stringify(dispatcher.status)}`;
      reject(new Error(message));
    }, maxConvergeMs);
    look();
  });
}

function undone(undo: () => void): Disposable {
  return { [Symbol.dispose]: undo };
}
