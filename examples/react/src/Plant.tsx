import { useActorRef, useSelector } from '@xstate/react';
import { useMemo } from 'react';
import { filteredInspect, type RunningNotification } from 'xstate-dispatch/machines';
import type { DispatchClient } from 'xstate-dispatch/web';
import { inspector } from './inspector.js';
import { PlanForm } from './PlanForm.js';
import { connect } from './plant.js';

/** Runs the plant of a microgrid as long as it is shown, and shows what runs in it. */
export function Plant({ client, microgridId }: { client: DispatchClient; microgridId: number }) {
  const logic = useMemo(() => connect(client), [client]);
  const actor = useActorRef(logic, {
    input: { microgridId },
    // At most 100 dispatches, however many there are.
    ...(inspector && { inspect: filteredInspect(inspector.inspect) }),
  });
  const isOn = useSelector(actor, snapshot => snapshot.matches('on'));
  const running = useSelector(actor, snapshot => snapshot.context.running);
  const sync = useSelector(actor, snapshot => snapshot.context.sync);
  const problem = useSelector(actor, snapshot => snapshot.context.problem);

  return (
    <>
      <h1>The charger is {isOn ? 'on' : 'off'}</h1>
      <p role="status">{sync}</p>
      <p role="alert">{problem}</p>
      <ul>
        {running.map(notification => (
          <li key={notification.dispatch.id}>{describe(notification)}</li>
        ))}
      </ul>
      <PlanForm client={client} microgridId={microgridId} />
    </>
  );
}

function describe({ dispatch, run }: RunningNotification): string {
  const end = run.endMs === null ? 'until further notice' : `until ${new Date(run.endMs).toLocaleTimeString()}`;
  const would = dispatch.dryRun ? 'dry run, would ' : '';
  return `${would}${dispatch.type} with ${dispatch.payload.kw} kW ${end} (dispatch ${dispatch.id})`;
}
