import { type FormEvent, useState } from 'react';
import { DispatchClient } from 'xstate-dispatch/web';
import { Field } from './Field.js';
import { inspector } from './inspector.js';
import { Plant } from './Plant.js';

/** Asks for the service, then shows a plant. A key that was typed in is kept nowhere but in this page. */
export function App() {
  const [account, setAccount] = useState<{ client: DispatchClient; microgridId: number } | null>(null);
  const [problem, setProblem] = useState('');
  if (account !== null) return <Plant {...account} />;

  const signIn = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name));
    try {
      const client = new DispatchClient({
        url: text('url'),
        // A service on this computer may have no keys.
        authKey: text('authKey') || undefined,
        signSecret: text('signSecret') || undefined,
      });
      setAccount({ client, microgridId: Number(text('microgridId')) });
      // It opens a window, which browsers allow only where the user has clicked.
      inspector?.start();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };

  return (
    <form onSubmit={signIn}>
      <h1>Sign in</h1>
      <Field label="Service" name="url" type="url" required defaultValue="http://localhost:50052" />
      <Field label="Microgrid" name="microgridId" type="number" required min="1" defaultValue="1" />
      <Field label="Key" name="authKey" autoComplete="username" />
      <Field label="Secret" name="signSecret" type="password" autoComplete="current-password" />
      <button type="submit">Connect</button>
      <p role="alert">{problem}</p>
    </form>
  );
}
