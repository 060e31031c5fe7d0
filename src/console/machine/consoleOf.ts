import { type EventObject, fromCallback, fromPromise } from 'xstate';
import { publicDispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import { DispatchError } from '../../model/dispatchError.js';
import { eventLogOf } from '../log/eventLog.js';
import { planFormOf, plannerOf } from '../plan/planEnvironment.js';
import type { SessionPort } from '../session/sessionPort.js';
import { deliveredRuns } from '../travel/deliveredRuns.js';
import { type DispatchVersion, versionsOf } from '../travel/dispatchVersions.js';
import { simulateUntil } from '../travel/simulateUntil.js';
import { type OpenMicrogrid, registryOf } from './consoleContext.js';
import { consoleMachine } from './consoleMachine.js';
import { dispatcherHost } from './dispatcherHost.js';

/** How far back the history of a dispatcher is read, in milliseconds. */
const historyMs = 30 * 86_400_000;

/** `consoleMachine` with its actors and actions, made of a session port. */
export function consoleOf(port: SessionPort): typeof consoleMachine {
  const { clock } = port;
  const planning = { clock, client: (microgridId: number) => port.calls(microgridId) };
  return consoleMachine.provide({
    actors: {
      signIn: fromPromise<Awaited<ReturnType<SessionPort['open']>>, { fields: Readonly<Record<string, string>> }>(
        ({ input, signal }) => port.open(input.fields, signal),
      ),
      dispatcher: dispatcherHost(publicDispatcherMachine.provide({ actors: port.actors as never })),
      log: eventLogOf(() => clock.nowMs()),
      planner: plannerOf(planning),
      planForm: planFormOf(planning),
      audit: fromPromise(async ({ input, signal }: { input: { microgridId: number }; signal: AbortSignal }) => {
        const entries = [];
        for await (const entry of port.calls(input.microgridId).audit({ oldestFirst: true, signal }))
          entries.push(entry);
        return versionsOf(entries) as readonly DispatchVersion[];
      }),
      history: fromCallback<EventObject, { microgridId: number }>(({ input: { microgridId }, sendBack }) => {
        const ended = new AbortController();
        const toMs = clock.nowMs();
        port.delivered?.({ microgridId, fromMs: toMs - historyMs, toMs }, ended.signal).then(
          part =>
            sendBack({ type: 'history.read', microgridId, delivered: deliveredRuns(part, { microgridId, toMs }) }),
          error => {
            if (ended.signal.aborted) return;
            sendBack({ type: 'dispatcher.problem', microgridId, problem: DispatchError.from(error) });
          },
        );
        return () => ended.abort();
      }),
      simulation: fromPromise(
        ({
          input,
          signal,
        }: {
          input: { microgrid: OpenMicrogrid; fromMs: number; toMs: number };
          signal: AbortSignal;
        }) => {
          const { microgrid, fromMs, toMs } = input;
          const registry = registryOf(microgrid);
          const records = [...(registry?.ids() ?? [])].flatMap(id => registry?.get(id)?.dispatch ?? []);
          return simulateUntil(records, { fromMs, toMs, clock, signal });
        },
      ),
    },
    actions: { closeSession: () => port.close() },
  });
}
