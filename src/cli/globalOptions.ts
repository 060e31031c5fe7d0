import { type Command, Option } from 'commander';

import { parseNonEmpty } from './input/parseValue.js';
import { UsageError } from './input/usageError.js';

/** Where `serve` listens, and where the other commands look, unless they are told otherwise. */
export const DEFAULT_LISTEN = '127.0.0.1:50051';

/** The options that every command takes, before or after its name. */
export interface GlobalOptions {
  /** Address of the service. */
  readonly url: string;
  readonly authKey?: string;
  readonly signSecret?: string;
  /** One JSON object a line instead of text. */
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
      new Option('--sign-secret <secret>', 'secret to sign requests with')
        .env('DISPATCH_API_SIGN_SECRET')
        .argParser(parseNonEmpty),
    )
    .option('--json', 'print one JSON object a line');
}

/**
 * The global options of a command that runs.
 *
 * @throws UsageError when there is a secret without a key, which every signature covers.
 */
export function globalOptions(command: Command): GlobalOptions {
  const options = command.optsWithGlobals<GlobalOptions>();
  if (options.signSecret === undefined || options.authKey !== undefined) return options;
  throw new UsageError('--sign-secret (DISPATCH_API_SIGN_SECRET) needs an --auth-key (DISPATCH_API_AUTH_KEY).');
}
