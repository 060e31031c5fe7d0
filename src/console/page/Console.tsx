import { Tabs } from '../kit/Tabs.js';
import { useSelected } from '../kit/useSelected.js';
import { useTheme } from '../kit/useTheme.js';
import { LogPanel } from '../log/LogPanel.js';
import { mayWrite } from '../machine/consoleContext.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { PlannerBar } from '../plan/view/PlannerBar.js';
import { PlanPanel } from '../plan/view/PlanPanel.js';
import { usePlanForm } from '../plan/view/usePlanner.js';
import { KeyNotice } from '../session/KeyNotice.js';
import { SignIn } from '../session/SignIn.js';
import type { SessionPort } from '../session/sessionPort.js';
import { Legend } from '../timeline/Legend.js';
import { RunTable } from '../timeline/RunTable.js';
import { Timeline } from '../timeline/Timeline.js';
import { Toolbar } from '../timeline/Toolbar.js';
import { TravelBar } from '../travel/TravelBar.js';
import { DispatchPanel } from './DispatchPanel.js';
import { Header } from './Header.js';
import { DispatcherStates, DispatchStates } from './StatesPanel.js';

/** Properties of the parts of the page that need all of the console. */
export interface ConsoleProps {
  readonly actor: ConsoleActor;
  readonly port: SessionPort;
}

/** The page. */
export function Console({ actor, port }: ConsoleProps) {
  const theme = useSelected(actor, ({ context }) => context.view.theme);
  const asTable = useSelected(actor, ({ context }) => context.view.asTable);
  const isSignedIn = useSelected(actor, snapshot => snapshot.matches({ session: 'signedIn' }));
  const form = usePlanForm(actor);
  const maySave = useSelected(actor, ({ context }) => mayWrite(context));
  useTheme(theme);
  if (!isSignedIn) return <SignIn actor={actor} port={port} />;
  return (
    <>
      <Header actor={actor} port={port} />
      <KeyNotice actor={actor} port={port} />
      <PlannerBar actor={actor} />
      <main class={`workplace ${form === undefined ? '' : 'planning'}`}>
        <section class="main" aria-label="Runs">
          <Toolbar actor={actor} port={port} />
          {asTable ? <RunTable actor={actor} port={port} /> : <Timeline actor={actor} port={port} />}
          <TravelBar actor={actor} />
          <Legend />
        </section>
        <aside aria-label={form === undefined ? 'Details' : 'Plan'}>
          {form !== undefined && <PlanPanel key={form.sessionId} form={form} maySave={maySave} />}
          <Tabs
            label="Details"
            tabs={[
              { name: 'dispatch', title: 'Dispatch', content: () => <DispatchPanel actor={actor} /> },
              { name: 'states', title: 'Its states', content: () => <DispatchStates actor={actor} /> },
              { name: 'dispatcher', title: 'Dispatcher', content: () => <DispatcherStates actor={actor} /> },
            ]}
          />
        </aside>
        <LogPanel actor={actor} />
      </main>
    </>
  );
}
