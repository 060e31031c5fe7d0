import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { isRunNotification } from '../../../machines/protocol/dispatcherOutput.js';
import { commandSignal } from '../commandSignal.js';
import { playDemo } from '../demo/playDemo.js';
import { orInterrupted } from '../giveWay.js';
import { printsJson } from '../globalOptions.js';
import { pc } from '../output/colours.js';
import { notificationJson } from '../output/notificationJson.js';
import { notificationText } from '../output/notificationText.js';
import { print, printJson } from '../output/print.js';
import { stderrLogger } from '../output/stderrLogger.js';

const MICROGRID_ID = 1;

/** Adds `demo`, which shows a service, a dispatcher and a client at work. */
export function demoCommand(program: Command): void {
  program
    .command('demo')
    .summary('show a service, a dispatcher and a client at work, in half a minute')
    .description(
      'Start a service, a dispatcher and a client on this machine, and show how dispatches start, are reconfigured, ' +
        'stop and recur. They communicate by gRPC on a free loopback port, with an API key and signed requests, and store ' +
        'nothing on disk.\n\n' +
        'With --json it prints only the notifications. It ignores the other global options.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch demo
  $ dispatch demo --json | jq .notification`,
    )
    .action(demo);
}

async function demo(_: object, command: Command): Promise<void> {
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
    await orInterrupted(playDemo({ client: client.forMicrogrid(MICROGRID_ID), dispatcher, tell }));
  } finally {
    await service.stop();
  }
}
