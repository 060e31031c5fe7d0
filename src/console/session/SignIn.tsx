import { Button } from '../kit/Button.js';
import { useSelected } from '../kit/useSelected.js';
import type { ConsoleProps } from '../page/Console.js';

/** The form to sign in, with what the session port asks for. */
export function SignIn({ actor, port }: ConsoleProps) {
  const isBusy = useSelected(actor, snapshot => snapshot.matches({ session: 'signingIn' }));
  const problem = useSelected(actor, ({ context }) => context.signInProblem);
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const fields = Object.fromEntries(port.signInFields.map(({ name }) => [name, String(form.get(name) ?? '')]));
    actor.send({ type: 'session.open', fields });
  };
  return (
    <main class="sign-in">
      <form onSubmit={onSubmit} aria-busy={isBusy}>
        <h1>Dispatch console</h1>
        {port.signInFields.map(({ name, label, secret, optional = false }) => (
          <p key={name} class="field">
            <label for={`sign-in-${name}`}>{label}</label>
            {secret ? (
              <input id={`sign-in-${name}`} name={name} type="password" autocomplete="off" required={!optional} />
            ) : (
              <input id={`sign-in-${name}`} name={name} type="text" autocomplete="off" required={!optional} />
            )}
          </p>
        ))}
        {problem !== null && <p role="alert">{problem.message}</p>}
        {isBusy ? (
          <p role="status">
            Connecting … <Button onPress={() => actor.send({ type: 'session.close' })}>Cancel</Button>
          </p>
        ) : (
          <button type="submit" class="button primary">
            {port.signInFields.length === 0 ? 'Connect' : 'Sign in'}
          </button>
        )}
      </form>
    </main>
  );
}
