#!/usr/bin/env node
import { loadOptional } from '../model/loadOptional.js';
import { errorLines } from './output/errorText.js';
import { noteOutputFailure } from './output/outputFailure.js';
import { note } from './output/print.js';

// gRPC would repeat on stderr what its errors say.
process.env.GRPC_VERBOSITY ??= 'NONE';

// Such as that of grpc-js, which names a service by its IP address in TLS: a user of the command can do nothing about it.
Object.assign(process, { noDeprecation: true });

for (const name of ['stdout', 'stderr'] as const) process[name].on('error', error => noteOutputFailure(name, error));

try {
  const { runCommand } = await loadOptional('the dispatch command', () => import('./runCommand.js'));
  process.exitCode = await runCommand(process.argv.slice(2));
} catch (error) {
  for (const line of errorLines(error)) note(`error: ${line}`);
  process.exitCode = 1;
}
