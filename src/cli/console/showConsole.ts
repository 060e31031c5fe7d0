import { loadOptional } from '../../model/loadOptional.js';
import type { ServiceAccess } from '../access/serviceAccess.js';
import { note, print, printJson } from '../output/print.js';
import { stderrLogger } from '../output/stderrLogger.js';
import { withOptions } from '../withMicrogrid.js';
import { openBrowser } from './openBrowser.js';

/** Options of {@link showConsole}. */
export interface ShowOptions {
  readonly service: ServiceAccess;
  readonly listen?: string;
  readonly microgrids: readonly number[];
  /** Time that pages show at first, in milliseconds. @default a day */
  readonly spanMs?: number;
  readonly store?: string | undefined;
  /** Whether to open the browser. */
  readonly open: boolean;
  readonly json: boolean;
}

/**
 * Serves the console on this machine, prints the link to it, and opens it in the browser. When a link was used, another one is printed.
 *
 * @throws UsageError when an option is wrong; DispatchError when it cannot be served.
 */
export async function showConsole({ open, json, ...options }: ShowOptions): Promise<AsyncDisposable> {
  const { serveConsole } = await loadOptional('the console', () => import('./serveConsole.js'));
  const tell = (url: string, text: string) => (json ? printJson({ url }) : print(`${text}: ${url}`));
  const served = await withOptions(() =>
    serveConsole({
      listen: '127.0.0.1:0',
      store: undefined,
      ...options,
      logger: stderrLogger(),
      onOpened: () => tell(served.newLink(), 'opened; for another tab'),
    }),
  );
  const link = served.newLink();
  tell(link, 'console');
  if (open && !json && !(await openBrowser(link)))
    note('there is no browser here that could be opened: open the link yourself');
  return served;
}
