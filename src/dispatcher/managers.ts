import type { AnyActorLogic, AnyActorRef } from 'xstate';
import { isRunningNotification } from '../../machines/dispatch/runNotification.js';
import { createBeside, type Manager } from '../../machines/manage/createBeside.js';
import { type LogicOfDispatch, type ManagedActorsLogic, managedActors } from '../../machines/manage/managedActors.js';
import { EndManaging } from '../../machines/manage/managerEvent.js';
import type { ManagingClock, ManagingOptions } from '../../machines/manage/managingOptions.js';
import { type TypeFilter, typeFilterKey, typeFilterText } from '../../machines/manage/typeFilter.js';
import type { DispatcherOutput } from '../../machines/protocol/dispatcherOutput.js';
import { sendFrom } from '../../machines/xstate/sendFrom.js';
import { stopActor } from '../../machines/xstate/stopActor.js';
import { DispatchError } from '../model/dispatchError.js';

/** What {@link Managers} need of their dispatcher. */
interface ManagersSetup {
  readonly microgridId: number;
  readonly dispatcher: AnyActorRef;
  readonly clock: ManagingClock;
  readonly report: (problem: DispatchError) => void;
  /** Called before an actor is started again, with the type of its dispatch. */
  readonly onRestart: (type: string) => void;
}

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
  readonly #setup: ManagersSetup;
  readonly #managed = new Map<string, Managed>();
  #isClosed = false;

  constructor(setup: ManagersSetup) {
    this.#setup = setup;
  }

  /** Whether these types are managed. */
  has(type: TypeFilter): boolean {
    const managed = this.#managed.get(typeFilterKey(type));
    return managed !== undefined && (!managed.isEnding || managed.next !== undefined);
  }

  /**
   * Starts managed actors as soon as earlier ones of the same types have ended; reports types that are managed already.
   *
   * @throws RangeError when an option is out of range.
   */
  start<TLogic extends AnyActorLogic>(
    type: TypeFilter,
    logic: LogicOfDispatch<TLogic>,
    options: ManagingOptions,
  ): void {
    const { microgridId, clock, report, onRestart } = this.#setup;
    const managed = managedActors<TLogic>(logic, {
      ...options,
      type,
      microgridId,
      clock,
      onRestart: dispatch => onRestart(dispatch.type),
      onProblem: report,
    });
    if (!this.has(type)) this.#startInTurn(type, managed);
    else {
      const message = `${typeFilterText(type)} is already managed: call stopManaging before`;
      report(new DispatchError('ALREADY_EXISTS', message, { microgridId }));
    }
  }

  /** Ends the managed actors of these types; resolves when they have ended, each within its time. */
  async end(type: TypeFilter): Promise<void> {
    const managed = this.#managed.get(typeFilterKey(type));
    if (managed === undefined) return;
    managed.next = undefined;
    if (!managed.isEnding) {
      managed.isEnding = true;
      sendFrom(this.#setup.dispatcher, managed.manager, new EndManaging());
    }
    await managed.ended;
  }

  /** Brings a notification of a running state to all of them. */
  take(output: DispatcherOutput): void {
    if (!isRunningNotification(output)) return;
    for (const { manager } of this.#managed.values()) {
      if (manager.getSnapshot().status === 'active') sendFrom(this.#setup.dispatcher, manager, output);
    }
  }

  /** Stops all of them at once, and lets no more start. */
  close(): void {
    this.#isClosed = true;
    for (const { manager } of this.#managed.values()) stopActor(manager);
  }

  #startInTurn(type: TypeFilter, logic: ManagedActorsLogic): void {
    const key = typeFilterKey(type);
    const startNow = () => this.#startNow(key, logic, `managed ${typeFilterText(type)}`);
    const before = this.#managed.get(key);
    if (before === undefined) startNow();
    else before.next = startNow;
  }

  #startNow(key: string, logic: ManagedActorsLogic, id: string): void {
    if (this.#isClosed) return;
    const manager = createBeside(this.#setup.dispatcher, logic, id);
    const ended = new Promise<void>(resolve => {
      const end = () => {
        const next = this.#managed.get(key)?.next;
        this.#managed.delete(key);
        next?.();
        resolve();
      };
      manager.subscribe({ complete: end, error: end });
    });
    this.#managed.set(key, { manager, ended, next: undefined, isEnding: false });
    // An actor that starts with it may already end it, or the dispatcher.
    manager.start();
  }
}
