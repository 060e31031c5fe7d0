import { Button } from '../kit/Button.js';
import { Choice } from '../kit/Choice.js';
import { useSelected } from '../kit/useSelected.js';
import { ClockNotice } from '../session/ClockNotice.js';
import type { ConsoleProps } from './Console.js';
import { Counters } from './Counters.js';
import { ZoneChoice } from './ZoneChoice.js';

const syncTexts = {
  starting: 'starting',
  connecting: 'connecting',
  catchingUp: 'catching up',
  live: 'live',
  waiting: 'no connection',
  stopping: 'stopping',
  stopped: 'stopped',
} as const;

/** The top of the page: which microgrids are open, how they are in sync, and the theme. */
export function Header({ actor, port }: ConsoleProps) {
  const microgrids = useSelected(actor, ({ context }) => context.microgrids);
  const shownId = useSelected(actor, ({ context }) => context.shownId);
  const session = useSelected(actor, ({ context }) => context.session);
  const zone = useSelected(actor, ({ context }) => context.view.zone);
  const theme = useSelected(actor, ({ context }) => context.view.theme);
  const mayOpenMore = session?.microgrids === 'all' || (session?.microgrids.length ?? 0) > microgrids.length;
  return (
    <header class="bar">
      <h1>Dispatch console</h1>
      <nav aria-label="Microgrids">
        {microgrids.map(({ id, sync }) => (
          <Button
            key={id}
            pressed={id === shownId}
            onPress={() => actor.send({ type: 'microgrid.shown', microgridId: id })}
          >
            <span class={`lamp ${sync?.state ?? 'starting'}`} aria-hidden="true" /> Microgrid {id}{' '}
            <span class="state">{syncTexts[sync?.state ?? 'starting']}</span>
          </Button>
        ))}
        {mayOpenMore && <OpenMicrogrid onOpen={microgridId => actor.send({ type: 'microgrid.opened', microgridId })} />}
      </nav>
      <Counters actor={actor} />
      <ClockNotice actor={actor} />
      <span class="session">
        {session?.keyName ?? session?.service}
        {session?.mayWrite === false && <em>read only</em>}
      </span>
      <ZoneChoice zone={zone} onChoose={chosen => actor.send({ type: 'view.chosen', choices: { zone: chosen } })} />
      <Choice
        label="Theme"
        value={theme}
        options={[
          ['system', 'as the system'],
          ['light', 'light'],
          ['dark', 'dark'],
        ]}
        onChoose={chosen => actor.send({ type: 'view.chosen', choices: { theme: chosen } })}
      />
      {port.signInFields.length > 0 && <Button onPress={() => actor.send({ type: 'session.close' })}>Sign out</Button>}
    </header>
  );
}

function OpenMicrogrid({ onOpen }: { readonly onOpen: (microgridId: number) => void }) {
  return (
    <form
      class="open-microgrid"
      onSubmit={event => {
        event.preventDefault();
        const form = event.currentTarget as HTMLFormElement;
        onOpen(Number(new FormData(form).get('microgrid')));
        form.reset();
      }}
    >
      <input
        name="microgrid"
        type="number"
        min={0}
        max={Number.MAX_SAFE_INTEGER}
        step={1}
        required
        aria-label="Id of a microgrid"
        placeholder="id"
      />
      <button type="submit" class="button">
        Open
      </button>
    </form>
  );
}
