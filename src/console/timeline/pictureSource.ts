import type { SnapshotFrom } from 'xstate';
import { eventLogIn } from '../log/eventLog.js';
import type { ConsoleContext, OpenMicrogrid } from '../machine/consoleContext.js';
import { registryOf, shownMicrogrid } from '../machine/consoleContext.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { allMissed } from '../travel/deliveredRuns.js';
import { joinDelivered } from '../travel/deliveryRecorder.js';
import type { Present } from './layoutLane.js';
import { buildPicture, type Picture } from './picture.js';
import type { PicturedVersion, PictureRequest } from './segmentsOf.js';
import { withDelivered } from './withDelivered.js';

type ConsoleSnapshot = SnapshotFrom<ConsoleActor>;

/** Share of the view that is prepared before and after it. */
const margin = 1;

/** Share of the view that is left at an edge of what is prepared when the next picture is begun. */
const reserve = 0.25;

/** Minimum time between two pictures of changed dispatches, in milliseconds, and how much longer than its making one is kept. */
const keptMs = 250;
const keptTimes = 10;

/**
 * Makes the pictures of the timeline: prepares more than is seen, and makes another when the view leaves it, what is chosen changes, or
 * dispatches change. The old picture stays until the new one is ready.
 */
export class PictureSource {
  readonly #actor: ConsoleActor;
  readonly #monotonicMs: () => number;
  #picture: Picture | null = null;
  #build: { readonly request: PictureRequest; readonly steps: Generator<void, Picture, void> } | null = null;
  #isStale = true;
  #readyAtMs = 0;
  #spentMs = 0;

  constructor(actor: ConsoleActor, monotonicMs: () => number) {
    this.#actor = actor;
    this.#monotonicMs = monotonicMs;
  }

  get picture(): Picture | null {
    return this.#picture;
  }

  /** Whether the picture is not yet that of the view, or shows nothing while there may be something. */
  isBehind(columns: number): boolean {
    const { context } = this.#actor.getSnapshot();
    if (this.#picture === null || !serves(this.#picture.request, context, columns)) return true;
    return this.#picture.lanes.length === 0 && (this.#build !== null || this.#isStale);
  }

  /** Dispatches have changed. */
  markStale(): void {
    this.#isStale = true;
  }

  /**
   * Works on the picture for some time at most.
   *
   * @param columns Number of pixel columns of the view.
   * @returns whether there is more to do: soon, or 'later' after a while.
   */
  work(columns: number, budgetMs: number): 'soon' | 'later' | null {
    const snapshot = this.#actor.getSnapshot();
    const { context } = snapshot;
    const wanted = this.#build?.request ?? this.#picture?.request;
    const isOther = wanted === undefined || !serves(wanted, context, columns);
    const nowMs = this.#monotonicMs();
    const mayRenew = nowMs >= this.#readyAtMs + Math.max(keptMs, keptTimes * this.#spentMs);
    if (isOther || (this.#isStale && this.#build === null && mayRenew)) {
      const request = requestOf(snapshot, columns);
      this.#isStale = false;
      this.#spentMs = 0;
      this.#build = { request, steps: buildPicture(request) };
    }
    if (this.#build === null) return this.#isStale ? 'later' : null;
    for (;;) {
      const step = this.#build.steps.next();
      const spentMs = this.#monotonicMs() - nowMs;
      if (step.done) {
        this.#picture = step.value;
        this.#build = null;
        this.#readyAtMs = nowMs + spentMs;
        this.#spentMs += spentMs;
        return this.#isStale ? 'later' : null;
      }
      if (spentMs > budgetMs) {
        this.#spentMs += spentMs;
        return 'soon';
      }
    }
  }
}

/** What is known of the time that is looked at. */
export function presentOf({ context, children }: ConsoleSnapshot): Present {
  const microgrid = shownMicrogrid(context);
  const log = eventLogIn(children);
  const delivered = microgrid?.delivered;
  return {
    nowMs: context.travelMs ?? context.nowMs,
    presentMs: context.nowMs,
    witnessedFromMs: Math.min(
      microgrid?.witnessedFromMs ?? Number.POSITIVE_INFINITY,
      delivered?.fromMs ?? Number.POSITIVE_INFINITY,
    ),
    missed: allMissed(delivered?.missed ?? new Map(), (microgrid && log?.missedStarts(microgrid.id)) ?? new Map()),
  };
}

/** The picture of just what is in view. */
export function viewRequest(snapshot: ConsoleSnapshot): PictureRequest {
  const { fromMs, toMs, lanes, merge, filter, showsDryRuns, showsInactive } = snapshot.context.view;
  return {
    versions: versionsOf(snapshot),
    fromMs,
    toMs,
    resolutionMs: 1,
    lanes,
    merge,
    filter,
    showsDryRuns,
    showsInactive,
  };
}

/** Whether a picture may be shown for a view; how old it is does not count. */
function serves(request: PictureRequest, context: ConsoleContext, columns: number): boolean {
  const { view } = context;
  const spanMs = view.toMs - view.fromMs;
  return (
    request.resolutionMs === resolutionOf(spanMs / columns) &&
    view.fromMs - spanMs * reserve >= request.fromMs &&
    view.toMs + spanMs * reserve <= request.toMs &&
    sourceKey(context) === sourceKeys.get(request) &&
    (['lanes', 'merge', 'filter', 'showsDryRuns', 'showsInactive'] as const).every(name => request[name] === view[name])
  );
}

/** What a picture was made from. */
const sourceKeys = new WeakMap<PictureRequest, string>();

/** What is looked at: of which microgrid, as of when, and whether what was delivered before is known. */
export function sourceOf(context: ConsoleContext): string {
  const time = knownVersions(context) === null ? 'now' : `as of ${context.travelMs}`;
  return `${context.shownId} ${time} ${shownMicrogrid(context)?.delivered?.toMs}`;
}

function sourceKey(context: ConsoleContext): string {
  return `${sourceOf(context)} ${context.view.preview.map(({ id, updateTime }) => `${id} ${updateTime}`).join()}`;
}

function requestOf(snapshot: ConsoleSnapshot, columns: number): PictureRequest {
  const { context } = snapshot;
  const { fromMs, toMs } = context.view;
  const spanMs = toMs - fromMs;
  const request: PictureRequest = {
    ...viewRequest(snapshot),
    preview: context.view.preview,
    // Whole steps, so that what did not change is found again.
    fromMs: Math.floor((fromMs - spanMs * margin) / spanMs) * spanMs,
    toMs: Math.ceil((toMs + spanMs * margin) / spanMs) * spanMs,
    resolutionMs: resolutionOf(spanMs / columns),
  };
  sourceKeys.set(request, sourceKey(context));
  return request;
}

/** The largest power of two that is at most a pixel column. */
function resolutionOf(msPerColumn: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, msPerColumn)));
}

/** The dispatches that are looked at: as they are, or as they were and were planned to be at an instant of the past. */
function versionsOf({ context, children }: ConsoleSnapshot): readonly PicturedVersion[] {
  const { travelMs } = context;
  const versions = knownVersions(context);
  if (travelMs !== null && versions !== null) {
    return versions
      .filter(({ fromMs }) => fromMs <= travelMs)
      .map(version => (version.toMs > travelMs ? { ...version, toMs: Number.POSITIVE_INFINITY } : version));
  }
  const microgrid = shownMicrogrid(context);
  if (microgrid === undefined) return [];
  const since = eventLogIn(children)?.delivered(microgrid.id) ?? [];
  const { runs: before = [], toMs = 0 } = microgrid.delivered ?? {};
  return withDelivered(presentVersions(microgrid), joinDelivered(before, since, toMs));
}

/** The versions of the past that is looked at; null: the present or the future is, or they are not known. */
function knownVersions({ travelMs, nowMs, versions }: ConsoleContext): ConsoleContext['versions'] {
  return travelMs !== null && travelMs < nowMs ? versions : null;
}

function presentVersions(microgrid: OpenMicrogrid): PicturedVersion[] {
  const registry = registryOf(microgrid);
  const found: PicturedVersion[] = [];
  for (const id of registry?.ids() ?? []) {
    const entry = registry?.get(id);
    if (entry === undefined) continue;
    found.push({ record: entry.dispatch, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY });
  }
  return found;
}
