import { execFile } from 'node:child_process';

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
