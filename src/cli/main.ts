#!/usr/bin/env node
import { loadOptional } from '../model/loadOptional.js';
import { errorLines } from './output/errorText.js';
import { note } from './output/print.js';

// gRPC would repeat on stderr what its errors say.
process.env.GRPC_VERBOSITY ??= 'NONE';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has closed the pipe, as in `dispatch list 1 | head -1`.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  const { runCommand } = await loadOptional('the dispatch command', () => import('./runCommand.js'));
  process.exitCode = await runCommand(process.argv.slice(2));
} catch (error) {
  for (const line of errorLines(error, false)) note(`error: ${line}`);
  process.exitCode = 1;
}
