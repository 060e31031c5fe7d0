import { Button } from '../kit/Button.js';
import { useSelected } from '../kit/useSelected.js';
import { isKeyRefused } from '../machine/consoleContext.js';
import type { ConsoleProps } from '../page/Console.js';
import { mayLeaveForm } from '../plan/view/mayLeaveForm.js';

/** Says that the service does not accept the key any more, and offers to sign in anew where the page asks for a key. */
export function KeyNotice({ actor, port }: ConsoleProps) {
  const isRefused = useSelected(actor, ({ context }) => isKeyRefused(context));
  if (!isRefused) return null;
  const asksKey = port.signInFields.length > 0;
  return (
    <div class="bar key-notice">
      <p role="alert">
        The key is no longer accepted: what is shown may be old, and nothing can be changed.
        {asksKey ? '' : ' It is tried again, or open a new link of dispatch console.'}
      </p>
      {asksKey && (
        <Button
          onPress={() => {
            if (mayLeaveForm(actor)) actor.send({ type: 'session.close' });
          }}
        >
          Sign in anew
        </Button>
      )}
    </div>
  );
}
