// How does a page without a bundler show what runs, and plan a dispatch?
// @ts-check
import { Dispatcher } from 'xstate-dispatch/web';

const signIn = /** @type {HTMLFormElement} */ (document.getElementById('signIn'));
const plan = /** @type {HTMLFormElement} */ (document.getElementById('plan'));

/** Shows a text, such as the state of the connection, in the element with this id. */
function show(/** @type {string} */ id, /** @type {string} */ text) {
  const element = document.getElementById(id);
  if (element !== null) element.textContent = text;
}

/** What a form holds when it is sent: the texts of its fields by their names. */
function onSubmit(
  /** @type {HTMLFormElement} */ form,
  /** @type {(fields: Record<string, string>) => unknown} */ submit,
) {
  form.addEventListener('submit', async event => {
    event.preventDefault();
    show('problem', '');
    try {
      await submit(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)])));
    } catch (error) {
      show('problem', error instanceof Error ? error.message : String(error));
    }
  });
}

/** @type {Map<number, string>} */
const running = new Map();

onSubmit(signIn, async ({ url = '', microgridId, authKey, signSecret }) => {
  const dispatcher = new Dispatcher({
    microgridId: Number(microgridId),
    url,
    // Kept nowhere but in this page. A service on this computer may have no keys.
    authKey: authKey || undefined,
    signSecret: signSecret || undefined,
  });
  signIn.hidden = true;
  plan.hidden = false;

  dispatcher.on('running', ({ id, type, payload, dryRun, until, change }) => {
    // A page that commands equipment does so here. A dry run must not touch any: it only says what it would do.
    if (change?.kind === 'stopped') running.delete(id);
    else {
      const end = until === null ? 'until further notice' : `until ${until.toLocaleTimeString()}`;
      running.set(id, `${dryRun ? 'dry run, would ' : ''}${type} with ${payload.kw} kW ${end} (dispatch ${id})`);
    }
    const items = [...running.values()].map(text => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    });
    document.getElementById('running')?.replaceChildren(...items);
  });
  dispatcher.on('sync', ({ state }) => {
    show('state', state);
    if (state === 'live') show('problem', '');
  });
  dispatcher.on('problem', ({ message }) => show('problem', message));
  await dispatcher.start();

  onSubmit(plan, async ({ type = '', component, inSeconds, forSeconds, kw, dryRun }) => {
    await dispatcher.client.create({
      type,
      startTime: new Date(Date.now() + 1000 * Number(inSeconds)),
      durationMs: 1000 * Number(forSeconds),
      selector: { ids: [Number(component)] },
      payload: { kw: Number(kw) },
      dryRun: dryRun === 'on',
    });
  });
});

// Without the script the form would send key and secret as part of a URL.
signIn.hidden = false;
show('state', 'not connected');
