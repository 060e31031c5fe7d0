import type { CallbackActorLogic } from 'xstate';
import type { timerLogic } from '../../../machines/actors/timerLogic.js';
import type { NotificationData } from '../../../machines/dispatch/notificationData.js';
import type { Clock } from '../../../machines/protocol/clock.js';
import type { SourceCommand, StoreCommand } from '../../../machines/protocol/messages.js';
import type { MicrogridClient } from '../../client/microgridClient.js';

/**
 * All that the console needs from outside: the console itself imports no transport. `consoleOf(port)` gives `consoleMachine` its actors
 * from it. In the page it is made of `xstate-dispatch/web`; tests make one of `memoryTransport()`.
 *
 * - {@link SessionPort.open} signs in. Credentials, and where they are kept, are the port's own matter: the machine passes on what the form
 *   of {@link SessionPort.signInFields} has, and forgets it.
 * - {@link SessionPort.actors} connect each `dispatcherMachine`.
 * - {@link SessionPort.calls} are the calls of the service for one microgrid: the `MicrogridClient` has this form.
 * - {@link SessionPort.clock} is the only clock of the console.
 *
 * Whoever builds on the console finds its state in `ConsoleContext` and changes it by `ConsoleEvent`s, never otherwise.
 */
export interface SessionPort {
  readonly clock: Clock;
  /** What a user must type in to sign in; empty: nothing, and the console signs in at once. */
  readonly signInFields: readonly SignInField[];
  /** Whether it signs in at once, as the session of the tab is still known, or nothing is asked for. @default when nothing is asked for */
  readonly opensAtOnce?: boolean;
  /** Actors for `dispatcherMachine.provide({ actors })`; they may use the session that is open when they start. */
  readonly actors: {
    readonly source: CallbackActorLogic<SourceCommand, { microgridId: number }>;
    readonly timer: ReturnType<typeof timerLogic>;
    readonly store?: CallbackActorLogic<StoreCommand, { microgridId: number }>;
  };
  /**
   * Opens the session.
   *
   * @param fields What was typed in, by the names of {@link signInFields}.
   * @throws DispatchError `UNAUTHENTICATED` when it is wrong, and the other errors of a call.
   */
  open(fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<SessionFacts>;
  /** Forgets the credentials and closes all connections; the calls of the session fail from then on. */
  close(): void;
  /** The calls of the service for one microgrid, of the open session. */
  calls(microgridId: number): MicrogridCalls;
  /**
   * What a dispatcher announced in a time of the past, where the session has its history ({@link SessionFacts.hasHistory}).
   *
   * @throws DispatchError
   */
  delivered?(
    request: { readonly microgridId: number; readonly fromMs: number; readonly toMs: number },
    signal: AbortSignal,
  ): Promise<DeliveredPart>;
}

/** What a dispatcher announced in a time of the past. */
export interface DeliveredPart {
  /** Oldest first. */
  readonly entries: readonly NotificationData[];
  /** Whether there are older ones in that time. */
  readonly isCut: boolean;
}

/** A field of the form to sign in. */
export interface SignInField {
  readonly name: string;
  readonly label: string;
  /** Whether it is hidden while it is typed in. */
  readonly secret: boolean;
  /** Whether it may be empty. */
  readonly optional?: boolean;
}

/** What is known of an open session; JSON-safe. */
export interface SessionFacts {
  /** Where the service is, as a reader wants to see it. */
  readonly service: string;
  /** Name of the key; null when the service needs none. */
  readonly keyName: string | null;
  /** Microgrids that the key may read; `'all'`: any. */
  readonly microgrids: 'all' | readonly number[];
  /** Microgrids that are opened at once, besides those of which there are few enough to open all. */
  readonly openFirst: readonly number[];
  /** False: nothing can be changed, and nothing offers to. */
  readonly mayWrite: boolean;
  /** False: the past before the last change of each dispatch is not known. */
  readonly mayReadAudit: boolean;
  /** Whether the history of a dispatcher can be read. @default false */
  readonly hasHistory?: boolean;
  /** Time that the timeline shows at first, in milliseconds. @default a day */
  readonly spanMs?: number | undefined;
}

/** The calls of the service for one microgrid; every failure is a `DispatchError`. */
export type MicrogridCalls = Pick<
  MicrogridClient,
  'microgridId' | 'create' | 'get' | 'update' | 'delete' | 'list' | 'listPages' | 'audit'
>;
