import { type ConsoleOptions, type LocalConsole, serveConsole } from '../../../src/cli/console/serveConsole.js';
import { silentLogger } from '../../../src/logger.js';
import { builtConsole } from '../../console/builtConsole.js';

/** A console that is served on this machine, and what its pages know. */
export interface TestConsole extends LocalConsole {
  readonly origin: string;
  /** Takes the code of a new link, as a page does. */
  exchange(): Promise<{ readonly key: string; readonly service: string; readonly hasHistory: boolean }>;
}

/** Serves the console on a free port. */
export async function servedConsole(
  options: Partial<ConsoleOptions> & Pick<ConsoleOptions, 'service'>,
): Promise<TestConsole> {
  await builtConsole();
  const served = await serveConsole({
    listen: '127.0.0.1:0',
    microgrids: [],
    store: undefined,
    logger: silentLogger,
    onOpened: () => {},
    ...options,
  });
  const { origin } = new URL(served.newLink());
  return {
    ...served,
    origin,
    async exchange() {
      const code = new URL(served.newLink()).hash.slice('#code='.length);
      const response = await fetch(`${origin}/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: JSON.stringify({ code }),
      });
      return response.json();
    },
  };
}
