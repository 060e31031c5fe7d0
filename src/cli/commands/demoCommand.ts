import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { isRunNotification } from '../../../machines/protocol/dispatcherOutput.js';
import { commandSignal } from '../commandSignal.js';
import { showConsole } from '../console/showConsole.js';
import { playDemo } from '../demo/playDemo.js';
import { pressedEnter } from '../demo/pressedEnter.js';
import { orInterrupted } from '../giveWay.js';
import { printsJson } from '../globalOptions.js';
import { pc } from '../output/colours.js';
import { notificationJson } from '../output/notificationJson.js';
import { notificationText } from '../output/notificationText.js';
import { print, printJson } from '../output/print.js';
import { stderrLogger } from '../output/stderrLogger.js';
import { aborted, untilInterrupted } from '../untilInterrupted.js';

const MICROGRID_ID = 1;

/** Time that the console shows at first: in that of a day, what the demo makes is too short to be seen. */
const SHOWN_MS = 3_600_000;

/** Adds `demo`, which shows a service, a dispatcher and a client at work. */
export function demoCommand(program: Command): void {
  program
    .command('demo')
    .summary('show a service, a dispatcher and a client at work, in half a minute')
    .description(
      'Start a service, a dispatcher and a client on this machine, and show how dispatches start, are reconfigured, ' +
        'stop and recur. They communicate by gRPC on a free loopback port, with an API key and signed requests, and store ' +
        'nothing on disk. With --console it opens the web console at once, in which all of it is seen as it happens, and goes on until SIGINT or ' +
        'SIGTERM; in a terminal it offers that at the end.\n\n' +
        'With --json it prints only the notifications. It ignores the other global options.',
    )
    .option('--console', 'open the web console on it, at once')
    .option('--no-open', 'do not open the browser: print the link only')
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch demo
  $ dispatch demo --console
  $ dispatch demo --console --no-open
  $ dispatch demo --json | jq .notification`,
    )
    .action(demo);
}

interface DemoOptions {
  readonly console?: boolean;
  readonly open: boolean;
}

async function demo({ console: opensAtOnce = false, open }: DemoOptions, command: Command): Promise<void> {
  const json = printsJson(command);
  const { startDispatchService } = await import('../../service/startDispatchService.js');
  const { DispatchClient } = await import('../../client/dispatchClient.js');
  const { Dispatcher } = await import('../../dispatcher/dispatcher.js');
  const credentials = { authKey: randomBytes(16).toString('hex'), signSecret: randomBytes(16).toString('hex') };
  const service = await startDispatchService({ ...credentials, logger: stderrLogger() });
  try {
    const connection = { address: service.address, ...credentials };
    await using client = new DispatchClient(connection);
    await using dispatcher = new Dispatcher({ microgridId: MICROGRID_ID, ...connection, logger: stderrLogger() });
    dispatcher.actor.on('*', output => {
      if (!isRunNotification(output)) return;
      if (json) printJson(notificationJson(output));
      else print(`   ${notificationText(output)}`);
    });
    await dispatcher.start();
    await dispatcher.ready({ timeoutMs: 10_000 });
    const signal = commandSignal();
    // Also what it has begun when it is interrupted says nothing more.
    const tell = (text: string) => json || signal?.aborted || print(text);
    tell(
      `A dispatch service listens on ${pc.bold(service.address)}; a dispatcher follows its microgrid ${MICROGRID_ID}.`,
    );
    const show = () => {
      const { address: url } = service;
      return showConsole({
        service: { url, ...credentials },
        microgrids: [MICROGRID_ID],
        spanMs: SHOWN_MS,
        open,
        json,
      });
    };
    await using opened = opensAtOnce ? await show() : undefined;
    await orInterrupted(playDemo({ client: client.forMicrogrid(MICROGRID_ID), dispatcher, tell }));
    if (opened === undefined) await offer(tell, show);
    else await untilStopped(tell);
  } finally {
    await service.stop();
  }
}

/** Offers the console on what was made. */
async function offer(tell: (text: string) => unknown, show: () => Promise<AsyncDisposable>): Promise<void> {
  // In a shell it would take the next line.
  const canAsk = process.stdin.isTTY && process.stdout.isTTY && commandSignal() === undefined;
  if (!canAsk) return void tell(`All of it can be seen in the browser: ${pc.bold('dispatch demo --console')}`);
  tell(`\nPress ${pc.bold('Enter')} to look at it in the browser, in the web console; Ctrl-C ends the demo.`);
  if (!(await pressedEnter())) return;
  await using _opened = await show();
  await untilStopped(tell);
}

/** What was made stays until it is stopped. */
async function untilStopped(tell: (text: string) => unknown): Promise<void> {
  using interrupted = untilInterrupted();
  tell(`\nPlan a dispatch in the console, and see it run. Ctrl-C ends the demo.`);
  await aborted(interrupted);
}
