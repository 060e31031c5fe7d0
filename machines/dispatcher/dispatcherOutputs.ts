import type { AnyActorRef } from 'xstate';
import { DispatchError, messageOf } from '../../src/model/dispatchError.js';
import type { DispatcherOutput, SyncState, SyncStatus } from '../protocol/dispatcherOutput.js';
import { isHeard } from '../xstate/isHeard.js';
import { sendFrom } from '../xstate/sendFrom.js';
import type { DispatcherArgs, DispatcherContext } from './dispatcherContext.js';

/** The output that tells the status of the dispatcher in a state. */
export function syncOutput(
  { context }: { context: DispatcherContext },
  { state }: { state: SyncState },
): DispatcherOutput {
  return { type: 'dispatcher.sync', microgridId: context.microgridId, status: { state, ...connectionStatus(context) } };
}

/** What a status tells of the connection. */
export function connectionStatus(context: DispatcherContext): Omit<SyncStatus, 'state'> {
  const { polling, lastContactMs, retryAtMs, problem, position, clockOffsetMs } = context;
  return { polling, lastContactMs, retryAtMs, problem, position, clockOffsetMs };
}

/** Sends problems that nothing handled to the source, which has a logger. */
export function logUnheard({ context, event, self }: DispatcherArgs & { self: AnyActorRef }): void {
  const source: AnyActorRef | undefined = self.getSnapshot().children.source;
  for (const output of outputsOf({ context, event })) {
    if (source === undefined || output.type !== 'dispatcher.problem' || isHeard(self, output)) continue;
    sendFrom(self, source, { type: 'problem.unheard', problem: output.problem });
  }
}

/** The outputs of the dispatcher for an event. */
export function outputsOf({ context, event }: DispatcherArgs): readonly DispatcherOutput[] {
  const { microgridId } = context;
  if (event.type === 'pool.reported') return event.outputs;
  if (event.type === 'dispatcher.problem') return [event];
  if (event.type === 'source.lost') return [{ type: 'dispatcher.problem', microgridId, problem: event.problem }];
  const problem = failureOf({ context, event });
  return problem === null ? [] : [{ type: 'dispatcher.problem', microgridId, problem }];
}

/** The failure of an actor, which stops the dispatcher. */
export function failureOf({ context: { microgridId }, event }: DispatcherArgs): DispatchError | null {
  if (!('error' in event)) return null;
  const { error: cause, type } = event;
  const part = type.slice('xstate.error.actor.'.length);
  const message = `the dispatcher stopped because its ${part} failed: ${messageOf(cause)}`;
  return new DispatchError('INTERNAL', message, { microgridId, cause });
}
