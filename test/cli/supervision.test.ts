import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { systemdNotifier } from '../../src/cli/supervision.js';
import { describeWith } from '../support/describeWith.js';
import { missingProgram } from '../support/programs.js';
import { startCli } from '../support/startCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

/** Prints each datagram that a socket of the Unix domain gets, which Node.js cannot receive. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True: print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

describeWith(missingProgram('systemd-notify', 'python3'), 'follow under systemd', () => {
  it('tells that it is up, feeds the watchdog and tells its end', async () => {
    using folder = temporaryFolder();
    const socket = join(folder.path, 'notify');
    const receiver = spawn('python3', ['-c', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]();
    const until = async (wanted: string) => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`the receiver ended before ${wanted}`);
        if (value.includes(wanted)) return;
      }
    };
    try {
      await until('bound');
      const systemd = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '1000000' };
      const url = 'grpc://127.0.0.1:1?ssl=false';
      await using following = startCli(
        ['follow', '1', '--store', join(folder.path, 'store.db'), '--url', url],
        systemd,
      );
      await until('READY=1');
      await until('WATCHDOG=1');
      await until('WATCHDOG=1');
      const ended = following.stop('SIGTERM');
      await until('STOPPING=1');
      expect((await ended).code).toBe(0);
    } finally {
      receiver.kill();
      await once(receiver, 'close');
    }
  });

  it('reports once that systemd cannot be notified', async () => {
    const failures: string[] = [];
    const env = { ...process.env, NOTIFY_SOCKET: '/nowhere/notify' };
    using notifier = systemdNotifier(message => failures.push(message), env);
    notifier.ready();
    notifier.status('live');
    await expect.poll(() => failures.length).toBe(1);
    expect(failures[0]).toContain('systemd cannot be notified');
  });
});
