import { execFile } from 'node:child_process';
import type { Dispatcher } from '../dispatcher/dispatcher.js';
import type { Logger } from '../logger.js';
import { portAddress } from '../service/access/listenAddress.js';
import { type Page, type ServedPages, servePages } from '../service/operation/servePages.js';
import { withOptions } from './withMicrogrid.js';

/**
 * Serves the health of a dispatcher over HTTP, until it is stopped: `/health` answers 200 while dispatches start and stop on schedule,
 * also without the service, and `/ready` while the dispatcher is live; else 503. Both answer the status as JSON.
 *
 * @param address `PORT` or `HOST:PORT`.
 * @throws UsageError when the address has another form; DispatchError UNAVAILABLE when it cannot be listened on.
 */
export function serveHealth(dispatcher: Dispatcher, address: string, logger: Logger): Promise<ServedPages> {
  const answer = (isWell: boolean): Page => {
    const { status, dispatches, microgridId } = dispatcher;
    const text = `${JSON.stringify({ microgridId, ...status, dispatches: dispatches.size })}\n`;
    return { status: isWell ? 200 : 503, contentType: 'application/json', text };
  };
  const pages = {
    '/health': () => answer(!['new', 'starting', 'stopping', 'stopped'].includes(dispatcher.status.state)),
    '/ready': () => answer(dispatcher.status.state === 'live'),
  };
  return withOptions(() => servePages(pages, portAddress(address, 'health'), logger));
}

/** What systemd is told of a service of type notify (`sd_notify(3)`). */
export interface SystemdNotifier extends Disposable {
  /** The service is up. From now on the watchdog is fed, if the unit has one. */
  ready(): void;
  /** Sets the status line of `systemctl status`. */
  status(text: string): void;
  /** The service is about to end. */
  stopping(): void;
}

/**
 * Notifies systemd by its command `systemd-notify`, because Node.js has no datagram sockets of the Unix domain; the unit needs
 * `NotifyAccess=all`. Does nothing where `NOTIFY_SOCKET` is not set. The watchdog is fed from the event loop, twice in each
 * `WATCHDOG_USEC`, so that a process which hangs is restarted.
 *
 * @param onFailure Told once when systemd cannot be notified.
 */
export function systemdNotifier(onFailure: (message: string) => void, env = process.env): SystemdNotifier {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = env;
  let feeding: NodeJS.Timeout | undefined;
  let hasFailed = false;
  const send = (...variables: string[]) => {
    if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return;
    execFile('systemd-notify', variables, { env }, error => {
      if (error === null || hasFailed) return;
      hasFailed = true;
      onFailure(`systemd cannot be notified: ${error.message.trim()}`);
    });
  };
  const isWatched = WATCHDOG_USEC !== undefined && (WATCHDOG_PID === undefined || WATCHDOG_PID === `${process.pid}`);
  return {
    ready() {
      send('READY=1');
      if (isWatched) feeding ??= setInterval(send, Number(WATCHDOG_USEC) / 2_000, 'WATCHDOG=1');
    },
    status: text => send(`STATUS=${text}`),
    stopping() {
      send('STOPPING=1');
    },
    [Symbol.dispose]() {
      clearInterval(feeding);
    },
  };
}
