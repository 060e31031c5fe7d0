import { DispatchError, messageOf } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { assertEvaluable } from '../../src/model/schedule.js';
import type { DispatcherOutput } from '../protocol/dispatcherOutput.js';
import type { SyncEvent } from '../protocol/messages.js';
import { retentionAfterEndMs } from '../protocol/transport.js';
import type { DispatchChildren } from './dispatchChildren.js';
import { RecentDeletions } from './recentDeletions.js';

/** Maximum number of deletions per event; the source checks the clock in between. */
const sliceSize = 64;

/** Syncs the children with the service: decides which version of a dispatch counts. */
export class DispatchSync {
  readonly #children: DispatchChildren;
  readonly #tell: (output: DispatcherOutput) => void;
  readonly #deletions = new RecentDeletions();
  /** Ids of the dispatches that the list lacks so far; null: no list is in progress. */
  #unlisted: Set<number> | null = null;
  #synced = false;

  constructor(children: DispatchChildren, tell: (output: DispatcherOutput) => void) {
    this.#children = children;
    this.#tell = tell;
  }

  /** Whether a list was applied: from then on a list yields only differences. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Continues from the state of an earlier dispatcher. */
  restore(synced: boolean): void {
    this.#synced = synced;
  }

  /** Applies an event of the source; true when `sync.listEnded` must be sent again. */
  apply(event: SyncEvent): boolean {
    switch (event.type) {
      case 'sync.listStarted':
        this.#unlisted = new Set(this.#children.ids());
        return false;
      case 'sync.listed':
        for (const dispatch of event.dispatches) this.#takeListed(dispatch, event.atMs);
        for (const id of event.unreadableIds) this.#unlisted?.delete(id);
        return false;
      case 'sync.listEnded':
        return this.#deleteUnlisted(event);
      case 'sync.changed':
        for (const change of event.changes) {
          if (change.kind === 'deleted') this.#takeDeletion(change.id, change.dispatch, event.atMs);
          else this.#takeStreamed(change.dispatch, event.atMs);
        }
        return false;
    }
  }

  /** A listed version counts if it differs, even if it is older: the service may have been restored from a backup. */
  #takeListed(dispatch: DispatchRecord, atMs: number): void {
    this.#unlisted?.delete(dispatch.id);
    const held = this.#children.get(dispatch.id)?.dispatch;
    if (held === undefined) this.#create(dispatch, atMs, this.#synced ? 'update' : 'sync');
    else if (held.updateTime !== dispatch.updateTime) this.#update(dispatch, atMs);
  }

  /** A streamed version counts if it is newer. */
  #takeStreamed(dispatch: DispatchRecord, atMs: number): void {
    if (this.#deletions.has(dispatch.id, atMs)) return;
    const held = this.#children.get(dispatch.id)?.dispatch;
    const isForgotten = dispatch.endTimeMs !== null && dispatch.endTimeMs + retentionAfterEndMs <= atMs;
    if (held === undefined && !isForgotten) this.#create(dispatch, atMs, 'update');
    else if (held !== undefined && held.updateTime < dispatch.updateTime) this.#update(dispatch, atMs);
  }

  #takeDeletion(id: number, dispatch: DispatchRecord | undefined, atMs: number): void {
    this.#deletions.add(id, atMs);
    const held = this.#children.get(id)?.dispatch;
    if (held !== undefined) this.#children.delete(dispatch ?? held, atMs);
  }

  /** Deletes the dispatches that the list should contain but lacks; true when more are left after this slice. */
  #deleteUnlisted({ endFromMs, atMs }: { endFromMs: number; atMs: number }): boolean {
    let left = sliceSize;
    for (const id of this.#unlisted ?? []) {
      if (left-- === 0) return true;
      this.#unlisted?.delete(id);
      const dispatch = this.#children.get(id)?.dispatch;
      const wasAskedFor = dispatch !== undefined && (dispatch.endTimeMs === null || dispatch.endTimeMs >= endFromMs);
      if (wasAskedFor) this.#children.delete(dispatch, atMs);
    }
    this.#unlisted = null;
    this.#deletions.clear();
    this.#synced = true;
    return false;
  }

  #create(dispatch: DispatchRecord, atMs: number, cause: 'sync' | 'update'): void {
    if (this.#checkEvaluable(dispatch)) this.#children.create(dispatch, atMs, cause);
  }

  /** Keeps a dispatch that cannot be evaluated as inactive, so that no run continues by an outdated version. */
  #update(dispatch: DispatchRecord, atMs: number): void {
    this.#children.update(this.#checkEvaluable(dispatch) ? dispatch : { ...dispatch, active: false }, atMs);
  }

  #checkEvaluable(dispatch: DispatchRecord): boolean {
    try {
      assertEvaluable(dispatch);
      return true;
    } catch (cause) {
      const { id, microgridId } = dispatch;
      const message = `dispatch ${id} cannot be evaluated: ${messageOf(cause)}`;
      const problem = new DispatchError('UNEVALUABLE', message, { microgridId, dispatchId: id, cause });
      this.#tell({ type: 'dispatcher.problem', microgridId, problem });
      return false;
    }
  }
}
