// The page of the console, as it is served.
import { keepOpened } from '../session/keptSession.js';
import { reloadForLinks, takeLink } from '../session/linkCode.js';
import { type SignInWay, webSession } from '../session/webSession.js';
import { mountConsole } from './mountConsole.js';

const link = takeLink();
reloadForLinks();
const element = document.getElementById('console');
if (element === null) throw new Error('the page has no place for the console');
try {
  const response = await fetch('console.json', { cache: 'no-store' });
  const { signIn } = (await response.json()) as { readonly signIn: SignInWay };
  const { actor } = mountConsole(webSession({ signIn, link }), element);
  actor.subscribe(({ context: { microgrids, shownId, session } }) => {
    if (session === null) return;
    const ids = microgrids.map(({ id }) => id);
    keepOpened(shownId === null ? ids : [shownId, ...ids.filter(id => id !== shownId)]);
  });
} catch (error) {
  element.textContent = `The console could not start: ${error instanceof Error ? error.message : String(error)}`;
}
