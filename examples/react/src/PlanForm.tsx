import { type FormEvent, useState, useTransition } from 'react';
import type { DispatchClient } from 'xstate-dispatch/web';
import { Field } from './Field.js';

/** A form that plans a dispatch. What it plans comes back to the dispatcher of the plant, as what others plan does. */
export function PlanForm({ client, microgridId }: { client: DispatchClient; microgridId: number }) {
  const [problem, setProblem] = useState('');
  const [isPlanning, startPlanning] = useTransition();

  const plan = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    startPlanning(async () => {
      try {
        await client.create({
          microgridId,
          type: String(form.get('type')),
          startTime: new Date(Date.now() + 1000 * Number(form.get('inSeconds'))),
          durationMs: 1000 * Number(form.get('forSeconds')),
          selector: { ids: [Number(form.get('component'))] },
          payload: { kw: Number(form.get('kw')) },
          dryRun: form.has('dryRun'),
        });
        setProblem('');
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error));
      }
    });
  };

  return (
    <form onSubmit={plan}>
      <h2>Plan a dispatch</h2>
      <Field label="Type" name="type" required defaultValue="CHARGE" />
      <Field label="Component" name="component" type="number" required min="1" defaultValue="5" />
      <Field label="Starts in seconds" name="inSeconds" type="number" required min="1" defaultValue="10" />
      <Field label="Runs for seconds" name="forSeconds" type="number" required min="1" defaultValue="60" />
      <Field label="Power in kW" name="kw" type="number" required step="any" defaultValue="3" />
      <Field label="Dry run" name="dryRun" type="checkbox" />
      <button type="submit" disabled={isPlanning}>
        Plan
      </button>
      <p role="alert">{problem}</p>
    </form>
  );
}
