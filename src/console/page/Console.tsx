import { useEffect } from 'preact/hooks';
import { useSelected } from '../kit/useSelected.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { SignIn } from '../session/SignIn.js';
import type { SessionPort } from '../session/sessionPort.js';
import { Header } from './Header.js';

/** Properties of the parts of the page that need all of the console. */
export interface ConsoleProps {
  readonly actor: ConsoleActor;
  readonly port: SessionPort;
}

/** The page. */
export function Console({ actor, port }: ConsoleProps) {
  const theme = useSelected(actor, ({ context }) => context.view.theme);
  const isSignedIn = useSelected(actor, snapshot => snapshot.matches({ session: 'signedIn' }));
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  if (!isSignedIn) return <SignIn actor={actor} port={port} />;
  return (
    <>
      <Header actor={actor} port={port} />
    </>
  );
}
