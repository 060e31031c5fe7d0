import { fromCallback } from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import type { Clock } from '../protocol/clock.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import type { PoolReady, SourceCommand, SourceEvent, SyncEvent } from '../protocol/messages.js';
import type { OpenTransport, Transport } from '../protocol/transport.js';
import { checkedTransport } from './checkedTransport.js';
import { ClockWatch } from './clockWatch.js';
import { followService } from './followService.js';
import { persistentTeller } from './persistentTeller.js';

/** Interval at which all dispatches are listed also while the stream brings each change, in milliseconds. */
const listIntervalMs = 3_600_000;

/** Options of {@link sourceLogic}. */
export interface SourceOptions {
  /** The transport, or a function that opens one for each actor that starts; the actor closes that one when it stops. */
  readonly transport: Transport | (() => OpenTransport);
  readonly clock: Clock;
  /**
   * Called with each problem that neither a listener of the dispatcher nor a transition of the invoking machine handles, and with errors
   * while the transport is closed. @default none
   */
  readonly onUnheardProblem?: ((problem: DispatchError, microgridId: number) => void) | undefined;
  /** Random number in [0, 1) that spreads the hourly lists. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/**
 * The source actor: syncs the dispatches of a dispatcher from its service when it is told to connect. Each connection opens the stream. If
 * the stream goes on where the last one ended, its changes are all that is needed; otherwise all dispatches are listed, and the changes
 * since are applied, so that no change between stream and list is lost. When the connection is lost, the source reports that, and later
 * that the service is connected anew, and waits for the next order to connect. All dispatches are listed once an hour in any case, and when
 * the pool wants it.
 */
export function sourceLogic(options: SourceOptions) {
  const { clock, onUnheardProblem = () => {}, random = Math.random } = options;
  return fromCallback<SourceCommand, { microgridId: number }>(({ input, sendBack, receive }) => {
    const { transport, close } = open(options.transport);
    let isStopped = false;
    const teller = persistentTeller(clock);
    const tell = (event: SourceEvent | SyncEvent | ProblemEvent) => {
      if (!isStopped) sendBack(event);
    };
    const clockWatch = new ClockWatch(input.microgridId);
    let ready: (answer: PoolReady) => void = () => {};
    let connection = new AbortController();
    /** Ends the wait for a connection anew. */
    let waiting = new AbortController();
    let delivered: Promise<unknown> = Promise.resolve();
    let listAgain = () => {};
    let undoListing = () => {};

    // One at a time, also across connections: an answer belongs to the event before it.
    const deliver = (event: SyncEvent) => {
      const answer = delivered.then(
        () =>
          new Promise<PoolReady>(resolve => {
            ready = resolve;
            tell(event);
          }),
      );
      delivered = answer.catch(() => {});
      return answer;
    };

    const connect = async () => {
      connection.abort();
      waiting.abort();
      const own = new AbortController();
      const next = new AbortController();
      connection = own;
      waiting = next;
      teller.stop();
      const { signal } = own;
      let connected: Promise<boolean> | undefined;
      // From the loss of the stream on: it may be connected anew while a list is still under way.
      const onStreamLost = () => {
        connected ??= connectedAnew(next.signal);
      };
      const onFollow = (list: () => void) => {
        listAgain = list;
      };
      try {
        tell({ type: 'source.connecting' });
        await followService({ ...input, transport, clock, signal, tell, deliver, clockWatch, onFollow, onStreamLost });
      } catch (error) {
        if (signal.aborted) return;
        own.abort();
        listAgain = () => {};
        onStreamLost();
        const problem = DispatchError.from(error, input);
        const graceful = endedGracefully(problem);
        teller.tell(() => tell({ type: 'source.lost', atMs: clock.nowMs(), problem, graceful }));
        if ((await connected) && !next.signal.aborted) teller.tell(() => tell({ type: 'source.reachable' }));
      }
    };

    const endedGracefully = (end: DispatchError) => {
      try {
        return transport.isGracefulEnd?.(end) === true;
      } catch (error) {
        const problem = DispatchError.from(error, input);
        teller.tell(() => tell({ type: 'dispatcher.problem', ...input, problem }));
        return false;
      }
    };

    /** What it fails with says no more than the next attempt does. A transport that tells at once does not know. */
    const connectedAnew = async (signal: AbortSignal) => {
      try {
        const connected: unknown = transport.connectedAnew?.({ signal });
        await connected;
        return connected instanceof Promise;
      } catch {
        return false;
      }
    };

    const planListing = (delayMs: number) => {
      undoListing = clock.setTimer(() => {
        planListing(listIntervalMs);
        listAgain();
      }, delayMs);
    };

    receive(command => {
      if (command.type === 'pool.ready') ready(command);
      else if (command.type === 'problem.unheard') onUnheardProblem(command.problem, input.microgridId);
      else if (command.type === 'list.wanted') listAgain();
      else void connect();
    });
    // At a minute of its own: the dispatchers of a service are often started, or lose it, at the same time.
    planListing(Math.round((0.5 + random()) * listIntervalMs));
    return () => {
      isStopped = true;
      undoListing();
      teller.stop();
      connection.abort();
      waiting.abort();
      try {
        close();
      } catch (error) {
        onUnheardProblem(DispatchError.from(error, input), input.microgridId);
      }
    };
  });
}

function open(transport: Transport | (() => OpenTransport)): { transport: Transport; close: () => void } {
  if (typeof transport !== 'function') return { transport: checkedTransport(transport), close: () => {} };
  const opened = transport();
  return { transport: checkedTransport(opened), close: () => opened.close() };
}
