import type { SnapshotFrom } from 'xstate';
import { eventLogIn } from '../log/eventLog.js';
import type { ConsoleContext } from '../machine/consoleContext.js';
import { registryOf, shownMicrogrid } from '../machine/consoleContext.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { allMissed } from '../travel/deliveredRuns.js';
import type { DispatchVersion } from '../travel/dispatchVersions.js';
import type { Present } from './layoutLane.js';
import { buildPicture, type Picture } from './picture.js';
import type { PictureRequest } from './segmentsOf.js';

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
    const { context } = this.#actor.getSnapshot();
    const wanted = this.#build?.request ?? this.#picture?.request;
    const isOther = wanted === undefined || !serves(wanted, context, columns);
    const nowMs = this.#monotonicMs();
    const mayRenew = nowMs >= this.#readyAtMs + Math.max(keptMs, keptTimes * this.#spentMs);
    if (isOther || (this.#isStale && this.#build === null && mayRenew)) {
      const request = requestOf(context, columns);
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
export function presentOf({ context, children }: SnapshotFrom<ConsoleActor>): Present {
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
export function viewRequest(context: ConsoleContext): PictureRequest {
  const { fromMs, toMs, lanes, merge, filter, showsDryRuns, showsInactive } = context.view;
  return {
    versions: versionsOf(context),
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

/** What is looked at: of which microgrid, and as of when. */
export function sourceOf({
  shownId,
  travelMs,
  nowMs,
  versions,
}: Pick<ConsoleContext, 'shownId' | 'travelMs' | 'nowMs' | 'versions'>): string {
  return `${shownId} ${travelMs !== null && travelMs < nowMs && versions !== null ? `as of ${travelMs}` : 'now'}`;
}

function sourceKey({ shownId, travelMs, nowMs, versions, view }: ConsoleContext): string {
  return `${sourceOf({ shownId, travelMs, nowMs, versions })} ${view.preview.map(({ id, updateTime }) => `${id} ${updateTime}`).join()}`;
}

function requestOf(context: ConsoleContext, columns: number): PictureRequest {
  const { fromMs, toMs } = context.view;
  const spanMs = toMs - fromMs;
  const request: PictureRequest = {
    ...viewRequest(context),
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
function versionsOf(context: ConsoleContext): readonly DispatchVersion[] {
  const { travelMs, nowMs, versions } = context;
  if (travelMs !== null && travelMs < nowMs && versions !== null) {
    return versions
      .filter(({ fromMs }) => fromMs <= travelMs)
      .map(version => (version.toMs > travelMs ? { ...version, toMs: Number.POSITIVE_INFINITY } : version));
  }
  return presentVersions(context);
}

function presentVersions(context: ConsoleContext): DispatchVersion[] {
  const microgrid = shownMicrogrid(context);
  const registry = microgrid && registryOf(microgrid);
  const found: DispatchVersion[] = [];
  for (const id of registry?.ids() ?? []) {
    const entry = registry?.get(id);
    if (entry === undefined) continue;
    found.push({ record: entry.dispatch, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY });
  }
  return found;
}
