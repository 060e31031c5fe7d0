import type { AnyActorRef } from 'xstate';
import type { RunningNotification } from '../../machines/dispatch/runNotification.js';
import type { ManagedActorsLogic } from '../../machines/manage/managedActors.js';
import { type Manager, startBeside } from '../../machines/manage/startBeside.js';
import { type TypeFilter, typeFilterKey, typeFilterText } from '../../machines/manage/typeFilter.js';
import { sendFrom } from '../../machines/xstate/sendFrom.js';
import { stopActor } from '../../machines/xstate/stopActor.js';

/** Managed actors of some types, and whether new ones of the same types wait for their end. */
interface Managed {
  readonly manager: Manager;
  readonly ended: Promise<void>;
  /** What to start when it has ended; undefined: nothing, or it does not end. */
  next: (() => void) | undefined;
  isEnding: boolean;
}

/** The managed actors of a dispatcher, by their types. */
export class Managers {
  readonly #dispatcher: AnyActorRef;
  readonly #managed = new Map<string, Managed>();
  #isClosed = false;

  constructor(dispatcher: AnyActorRef) {
    this.#dispatcher = dispatcher;
  }

  /** Whether these types are managed. */
  has(type: TypeFilter): boolean {
    const managed = this.#managed.get(typeFilterKey(type));
    return managed !== undefined && (!managed.isEnding || managed.next !== undefined);
  }

  /** Starts managed actors of types that are not managed; as soon as earlier ones of these types have ended. */
  start(type: TypeFilter, logic: ManagedActorsLogic): void {
    const key = typeFilterKey(type);
    const before = this.#managed.get(key);
    if (before === undefined) this.#startNow(key, logic, `managed ${typeFilterText(type)}`);
    else before.next = () => this.#startNow(key, logic, `managed ${typeFilterText(type)}`);
  }

  /** Ends the managed actors of these types; resolves when they have ended, each within its time. */
  async end(type: TypeFilter): Promise<void> {
    const managed = this.#managed.get(typeFilterKey(type));
    if (managed === undefined) return;
    managed.next = undefined;
    if (!managed.isEnding) {
      managed.isEnding = true;
      sendFrom(this.#dispatcher, managed.manager, { type: 'managing.end' });
    }
    await managed.ended;
  }

  /** Brings a notification to all of them. */
  send(notification: RunningNotification): void {
    for (const { manager } of this.#managed.values()) {
      if (manager.getSnapshot().status === 'active') sendFrom(this.#dispatcher, manager, notification);
    }
  }

  /** Stops all of them at once, and lets no more start. */
  close(): void {
    this.#isClosed = true;
    for (const { manager } of this.#managed.values()) stopActor(manager);
  }

  #startNow(key: string, logic: ManagedActorsLogic, id: string): void {
    if (this.#isClosed) return;
    const manager = startBeside(this.#dispatcher, logic, id);
    const ended = new Promise<void>(resolve => {
      manager.subscribe({
        complete: () => {
          const next = this.#managed.get(key)?.next;
          this.#managed.delete(key);
          next?.();
          resolve();
        },
      });
    });
    this.#managed.set(key, { manager, ended, next: undefined, isEnding: false });
  }
}
