import { offsetAt } from '../../model/recurrence/localTime.js';
import { Button } from '../kit/Button.js';
import { useSelected } from '../kit/useSelected.js';
import type { ConsoleContext } from '../machine/consoleContext.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { localText } from '../timeline/barText.js';

/** Steps of the scrubber over the view. */
const steps = 1_000;

/** The scrubber: looks at another instant, of the past or of the future, and says what is known of it. */
export function TravelBar({ actor }: { readonly actor: ConsoleActor }) {
  const snapshot = useSelected(actor, now => now);
  const { context } = snapshot;
  const { travelMs, nowMs, view } = context;
  const atMs = travelMs ?? nowMs;
  const shownMs = Math.min(view.toMs, Math.max(view.fromMs, atMs));
  const step = Math.round(((shownMs - view.fromMs) / (view.toMs - view.fromMs)) * steps);
  const text = `${localText(atMs, offsetAt(view.zone, atMs))} ${view.zone}`;
  return (
    <div class="bar travel">
      <label for="travel">Time</label>
      <input
        id="travel"
        type="range"
        min={0}
        max={steps}
        value={step}
        aria-valuetext={text}
        onInput={event => {
          const share = Number(event.currentTarget.value) / steps;
          actor.send({ type: 'time.travelled', toMs: Math.round(view.fromMs + share * (view.toMs - view.fromMs)) });
        }}
      />
      <output for="travel" class={travelMs === null ? '' : 'travelled'}>
        {text}
      </output>
      <Button disabled={travelMs === null} onPress={() => actor.send({ type: 'time.returned' })}>
        Back to the present
      </Button>
      <span class="note" role="status">
        {travelMs === null ? '' : knownText(snapshot.value.time, context)}
      </span>
    </div>
  );
}

/** What is known of the instant that is looked at. */
function knownText(
  time: 'present' | { readonly past?: string; readonly future?: string } | object,
  { simulation, travelProblem, versions }: ConsoleContext,
): string {
  if (typeof time === 'string') return '';
  const { past, future } = time as { past?: string; future?: string };
  if (future === 'simulating') return 'Simulating …';
  if (future !== undefined && simulation !== null) {
    const { count, runningIds, problems } = simulation;
    const failed = problems.length === 0 ? '' : ` ${problems.length} cannot be evaluated.`;
    return `Simulated if nothing is changed: ${count} notifications until then, ${runningIds.length} running.${failed}`;
  }
  if (future !== undefined) return `It cannot be simulated: ${travelProblem?.message ?? 'for an unknown reason'}.`;
  if (past === 'reading') return 'Reading the audit …';
  if (past === 'known') return `As the audit has it: ${versions?.length ?? 0} versions.`;
  if (travelProblem !== null) return `As the dispatches are now: ${travelProblem.message}.`;
  return 'As the dispatches are now: this key may not read the audit.';
}
