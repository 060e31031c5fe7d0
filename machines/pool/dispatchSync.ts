import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { isAnotherDispatch } from '../../src/model/sameDispatch.js';
import type { DispatcherOutput } from '../protocol/dispatcherOutput.js';
import type { SyncPosition } from '../protocol/dispatcherStore.js';
import type { SyncEvent } from '../protocol/messages.js';
import { retentionAfterEndMs } from '../protocol/transport.js';
import type { DispatchChildren } from './dispatchChildren.js';
import { evaluationProblem } from './evaluationProblem.js';
import { ListTimes } from './listTimes.js';
import { RecentDeletions } from './recentDeletions.js';

/** Maximum number of deletions per event; the source checks the clock in between. */
const sliceSize = 64;

/** Time in milliseconds for which a deletion that the stream reported is remembered; a list that began later makes it obsolete. */
const deletionMemoryMs = 10 * 60_000;

/**
 * Time in milliseconds for which the dispatches that a list lacks are remembered: what the stream says of them after it was before their
 * deletion. Brief, because a service that lists by number may leave one out.
 */
const unlistedMemoryMs = 10_000;

/** Syncs the children with the service: decides which version of a dispatch counts. */
export class DispatchSync {
  readonly #children: DispatchChildren;
  readonly #tell: (output: DispatcherOutput) => void;
  readonly #deletions = new RecentDeletions(deletionMemoryMs);
  readonly #unlistedDeletions = new RecentDeletions(unlistedMemoryMs);
  /** Ids of the dispatches that the list lacks so far; null: no list is in progress. */
  #unlisted: Set<number> | null = null;
  #synced = false;
  /** Position in the change log up to which the children are in sync; null: unknown. */
  #logPosition: string | null = null;
  readonly #times = new ListTimes();

  constructor(children: DispatchChildren, tell: (output: DispatcherOutput) => void) {
    this.#children = children;
    this.#tell = tell;
  }

  /** Whether a list was applied: from then on a list yields only differences. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The position up to which the children are in sync; null: unknown. */
  get position(): SyncPosition | null {
    return this.#logPosition === null ? null : { log: this.#logPosition, latestMs: this.#times.latestMs };
  }

  /** Continues from the state of an earlier dispatcher. */
  restore(synced: boolean, position: SyncPosition | null): void {
    this.#synced = synced;
    this.#logPosition = position?.log ?? null;
    if (position !== null) this.#times.restore(position.latestMs);
  }

  /** Notes a time of the clock. */
  noteTime(atMs: number): void {
    this.#times.note(atMs);
  }

  /** Whether the clock went back so far that dispatches may be missing. */
  isListWanted(atMs: number): boolean {
    return this.#times.isListWanted(atMs);
  }

  /** The ids of the dispatches that the list in progress should contain but lacks so far. */
  lackingIds(endFromMs: number): number[] {
    return [...(this.#unlisted ?? [])].filter(id => this.#isAskedFor(id, endFromMs));
  }

  /** Applies an event of the source; true when `sync.listEnded` must be sent again. */
  apply(event: SyncEvent): boolean {
    switch (event.type) {
      case 'sync.began':
        if (this.isListWanted(event.atMs)) this.#logPosition = null;
        return false;
      case 'sync.listStarted':
        this.#times.begin(event.atMs);
        this.#unlisted = new Set(this.#children.ids());
        return false;
      case 'sync.listed':
        for (const dispatch of event.dispatches) this.#takeListed(dispatch, event.atMs);
        for (const id of event.unreadableIds) this.#unlisted?.delete(id);
        return false;
      case 'sync.listRead':
        return false;
      case 'sync.listEnded':
        return this.#deleteUnlisted(event);
      case 'sync.changed':
        for (const change of event.changes) {
          if (change.kind === 'deleted') this.#takeDeletion(change.id, change.dispatch, event.atMs);
          else this.#takeStreamed(change.dispatch, event.atMs);
        }
        this.#logPosition = event.position;
        return false;
    }
  }

  /** A listed version counts if it differs, even if it is older: the service may have been restored from a backup. */
  #takeListed(dispatch: DispatchRecord, atMs: number): void {
    this.#unlisted?.delete(dispatch.id);
    const held = this.#children.get(dispatch.id)?.dispatch;
    if (held === undefined) this.#create(dispatch, atMs, this.#synced ? 'update' : 'sync');
    else if (isAnotherDispatch(held, dispatch)) this.#replace(held, dispatch, atMs);
    else if (held.updateTime !== dispatch.updateTime) this.#update(dispatch, atMs);
  }

  /** A streamed version counts if it is newer. */
  #takeStreamed(dispatch: DispatchRecord, atMs: number): void {
    if (this.#deletions.has(dispatch, atMs)) return;
    const held = this.#children.get(dispatch.id)?.dispatch;
    const isForgotten = dispatch.endTimeMs !== null && dispatch.endTimeMs + retentionAfterEndMs <= atMs;
    const isGone = isForgotten || this.#unlistedDeletions.has(dispatch, atMs);
    if (held === undefined && !isGone) this.#create(dispatch, atMs, 'update');
    else if (held === undefined || held.updateTime >= dispatch.updateTime) return;
    else if (isAnotherDispatch(held, dispatch)) this.#replace(held, dispatch, atMs);
    else this.#update(dispatch, atMs);
  }

  #takeDeletion(id: number, dispatch: DispatchRecord | undefined, atMs: number): void {
    this.#deletions.add(id, dispatch, atMs);
    const held = this.#children.get(id)?.dispatch;
    if (held === undefined) return;
    if (dispatch === undefined || !isAnotherDispatch(held, dispatch)) this.#children.delete(dispatch ?? held, atMs);
    // A later dispatch with this id was never seen; an earlier one is gone already.
    else if (held.createTime < dispatch.createTime) this.#children.delete(held, atMs);
  }

  /** Deletes the dispatches that the list should contain but lacks; true when more are left after this slice. */
  #deleteUnlisted({ endFromMs, atMs, position }: Extract<SyncEvent, { type: 'sync.listEnded' }>): boolean {
    let left = sliceSize;
    for (const id of this.#unlisted ?? []) {
      if (left-- === 0) return true;
      this.#unlisted?.delete(id);
      const dispatch = this.#children.get(id)?.dispatch;
      if (dispatch === undefined || !this.#isAskedFor(id, endFromMs)) continue;
      this.#unlistedDeletions.add(id, dispatch, atMs);
      this.#children.delete(dispatch, atMs);
    }
    this.#unlisted = null;
    this.#deletions.clear();
    this.#synced = true;
    this.#logPosition = position;
    this.#times.end();
    return false;
  }

  #isAskedFor(id: number, endFromMs: number): boolean {
    const dispatch = this.#children.get(id)?.dispatch;
    return dispatch !== undefined && (dispatch.endTimeMs === null || dispatch.endTimeMs >= endFromMs);
  }

  /** The id was assigned again, as after a restored backup. */
  #replace(held: DispatchRecord, dispatch: DispatchRecord, atMs: number): void {
    this.#children.delete(held, atMs);
    this.#create(dispatch, atMs, 'update');
  }

  #create(dispatch: DispatchRecord, atMs: number, cause: 'sync' | 'update'): void {
    if (this.#checkEvaluable(dispatch)) this.#children.create(dispatch, atMs, cause);
  }

  /** Keeps a dispatch that cannot be evaluated as inactive, so that no run continues by an outdated version. */
  #update(dispatch: DispatchRecord, atMs: number): void {
    this.#children.update(this.#checkEvaluable(dispatch) ? dispatch : { ...dispatch, active: false }, atMs);
  }

  #checkEvaluable(dispatch: DispatchRecord): boolean {
    const problem = evaluationProblem(dispatch);
    if (problem !== null) this.#tell({ type: 'dispatcher.problem', microgridId: dispatch.microgridId, problem });
    return problem === null;
  }
}
