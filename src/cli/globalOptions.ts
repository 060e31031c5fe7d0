import { type Command, Option } from 'commander';

import { parseNonEmpty } from './input/parseValue.js';
import { UsageError } from './input/usageError.js';

/** Default address that `serve` listens on and that the other commands connect to. */
export const DEFAULT_LISTEN = '127.0.0.1:50051';

/** Options of every command, before or after its name. */
export interface GlobalOptions {
  /** Address of the service. */
  readonly url: string;
  readonly authKey?: string;
  readonly signSecret?: string;
  /** Whether to print one JSON object per line instead of text. */
  readonly json?: true;
}

/** Adds the global options to the program. */
export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(
      new Option('--url <address>', 'address of the service')
        .env('DISPATCH_API_URL')
        .default(`grpc://${DEFAULT_LISTEN}?ssl=false`)
        .argParser(parseNonEmpty),
    )
    .addOption(
      new Option('--auth-key <key>', 'API key of the service').env('DISPATCH_API_AUTH_KEY').argParser(parseNonEmpty),
    )
    .addOption(
      new Option('--sign-secret <secret>', 'secret that signs requests')
        .env('DISPATCH_API_SIGN_SECRET')
        .argParser(parseNonEmpty),
    )
    .option('--json', 'print one JSON object per line');
}

/**
 * Reads the global options of the running command.
 *
 * @throws UsageError when a secret is given without a key: each signature covers the key.
 */
export function globalOptions(command: Command): GlobalOptions {
  const options = command.optsWithGlobals<GlobalOptions>();
  if (options.signSecret === undefined || options.authKey !== undefined) return options;
  throw new UsageError('--sign-secret (DISPATCH_API_SIGN_SECRET) needs an --auth-key (DISPATCH_API_AUTH_KEY).');
}
