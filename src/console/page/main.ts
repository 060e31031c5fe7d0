// The page: a console of the service that serves it.
import { webSession } from '../session/webSession.js';
import { mountConsole } from './mountConsole.js';

const element = document.getElementById('console');
if (element !== null) mountConsole(webSession(location.origin), element);
