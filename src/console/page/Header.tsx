import { Button } from '../kit/Button.js';
import { Choice } from '../kit/Choice.js';
import { useSelected } from '../kit/useSelected.js';
import { lastContactOf, type OpenMicrogrid } from '../machine/consoleContext.js';
import { mayLeaveForm } from '../plan/view/mayLeaveForm.js';
import { ClockNotice } from '../session/ClockNotice.js';
import type { ConsoleProps } from './Console.js';
import { Counters } from './Counters.js';
import { OpenMicrogrid as OpenMicrogridForm } from './OpenMicrogrid.js';
import { agoText, POLLED } from './pollText.js';
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

/** How a microgrid is in sync; of one without a stream also how old is what is seen. */
function SyncText({ actor, microgrid }: Pick<ConsoleProps, 'actor'> & { readonly microgrid: OpenMicrogrid }) {
  const { state = 'starting', polling = false, problem = null } = microgrid.sync ?? {};
  const isPolled = polling && state === 'live';
  const nowMs = useSelected(actor, ({ context }) => (isPolled ? context.nowMs : null));
  const readMs = lastContactOf(microgrid);
  if (problem?.code === 'UNAUTHENTICATED') return <>the key is no longer accepted</>;
  if (nowMs === null || readMs === null) return <>{syncTexts[state]}</>;
  return <span title={POLLED}>live, {agoText(nowMs - readMs)}</span>;
}

/** The top of the page: which microgrids are open, how they are in sync, and the theme. */
export function Header({ actor, port }: ConsoleProps) {
  const microgrids = useSelected(actor, ({ context }) => context.microgrids);
  const shownId = useSelected(actor, ({ context }) => context.shownId);
  const session = useSelected(actor, ({ context }) => context.session);
  const zone = useSelected(actor, ({ context }) => context.view.zone);
  const theme = useSelected(actor, ({ context }) => context.view.theme);
  const mayOpenMore = session?.microgrids === 'all' || (session?.microgrids.length ?? 0) > microgrids.length;
  const openOrShow = (microgridId: number) => {
    const isOpen = microgrids.some(({ id }) => id === microgridId);
    return { type: isOpen ? 'microgrid.shown' : 'microgrid.opened', microgridId } as const;
  };
  return (
    <header class="bar">
      <h1>Dispatch console</h1>
      <nav aria-label="Microgrids">
        {microgrids.map(microgrid => {
          const { id, sync } = microgrid;
          return (
            <span key={id} class="microgrid">
              <Button
                pressed={id === shownId}
                onPress={() => {
                  if (id !== shownId && mayLeaveForm(actor)) actor.send({ type: 'microgrid.shown', microgridId: id });
                }}
              >
                <span class={`lamp ${sync?.state ?? 'starting'}`} aria-hidden="true" /> Microgrid {id}{' '}
                <span class="state">
                  <SyncText actor={actor} microgrid={microgrid} />
                </span>
              </Button>
              <Button
                name={`Close microgrid ${id}`}
                onPress={() => {
                  if (id !== shownId || mayLeaveForm(actor)) actor.send({ type: 'microgrid.closed', microgridId: id });
                }}
              >
                ×
              </Button>
            </span>
          );
        })}
        {mayOpenMore && (
          <OpenMicrogridForm
            hint={shownId === null ? 'No microgrid is open: open one by its id.' : null}
            onOpen={microgridId => {
              if (microgridId !== shownId && mayLeaveForm(actor)) actor.send(openOrShow(microgridId));
            }}
          />
        )}
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
          ['system', 'system'],
          ['light', 'light'],
          ['dark', 'dark'],
        ]}
        onChoose={chosen => actor.send({ type: 'view.chosen', choices: { theme: chosen } })}
      />
      {port.signInFields.length > 0 && (
        <Button
          onPress={() => {
            if (mayLeaveForm(actor)) actor.send({ type: 'session.close' });
          }}
        >
          Sign out
        </Button>
      )}
    </header>
  );
}
