import { type Command, Option } from 'commander';

import { askSecret } from './access/askSecret.js';
import {
  type AccessOptions,
  type CallCredentials,
  optionCredentials,
  type ServiceAccess,
  serviceAccess,
} from './access/serviceAccess.js';
import { parseNonEmpty } from './input/parseValue.js';

/** Default address that `serve` listens on and that the other commands connect to. */
export const DEFAULT_LISTEN = '127.0.0.1:50051';

const DEFAULT_URL = `grpc://${DEFAULT_LISTEN}?ssl=false`;

/** Options of every command, before or after its name. */
interface GlobalOptions extends AccessOptions {
  readonly askSecret?: true;
  /** Whether to print one JSON object per line instead of text. */
  readonly json?: true;
}

/** Adds the global options to the program. */
export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(
      new Option(
        '--url <address>',
        `address of the service (default: ${DEFAULT_URL}; env: DISPATCH_API_URL)`,
      ).argParser(parseNonEmpty),
    )
    .option('--auth-key <key>', 'API key of the service (env: DISPATCH_API_AUTH_KEY)', parseNonEmpty)
    .addOption(
      new Option('--auth-key-file <file>', 'file that holds the API key, such as plant.key')
        .argParser(parseNonEmpty)
        .conflicts('authKey'),
    )
    .option('--sign-secret <secret>', 'secret that signs requests (env: DISPATCH_API_SIGN_SECRET)', parseNonEmpty)
    .addOption(
      new Option(
        '--sign-secret-file <file>',
        'file that holds the secret, such as plant.secret; other users cannot see it as they see a command line',
      )
        .argParser(parseNonEmpty)
        .conflicts('signSecret'),
    )
    .addOption(
      new Option('--ask-secret', 'ask for the secret; what is typed is shown as asterisks').conflicts([
        'signSecret',
        'signSecretFile',
      ]),
    )
    .option(
      '--profile <name>',
      'profile of the configuration file, such as plant (env: DISPATCH_PROFILE)',
      parseNonEmpty,
    )
    .option(
      '--config <file>',
      "configuration file (default: xstate-dispatch/config.json in the user's folder for settings; env: DISPATCH_CONFIG)",
      parseNonEmpty,
    )
    .option('--json', 'print one JSON object per line')
    .option('--no-color', 'print without colours (env: NO_COLOR)');
}

/** Whether the running command prints JSON. */
export function printsJson(command: Command): boolean {
  return command.optsWithGlobals<GlobalOptions>().json === true;
}

/**
 * Address and credentials with which the running command calls the service; see {@link serviceAccess}.
 *
 * @throws UsageError when they are incomplete or a file is invalid.
 */
export async function readServiceAccess(command: Command): Promise<ServiceAccess> {
  const options = command.optsWithGlobals<GlobalOptions>();
  if (!options.askSecret) return serviceAccess(options, process.env, DEFAULT_URL);
  const { signSecret: _, ...access } = serviceAccess({ ...options, signSecret: undefined }, process.env, DEFAULT_URL);
  return { ...access, signSecret: await askSecret(`Secret for ${access.url}:`) };
}

/** Which options replace the credentials, or the service, that were given before. */
const REPLACING: Readonly<Record<string, readonly (keyof GlobalOptions)[]>> = (() => {
  const secret = ['signSecret', 'signSecretFile', 'askSecret'] as const;
  // A key without a secret is not completed by that of another one.
  const pair = ['authKey', 'authKeyFile', ...secret] as const;
  return {
    '--sign-secret': secret,
    '--sign-secret-file': secret,
    '--ask-secret': secret,
    '--auth-key': pair,
    '--auth-key-file': pair,
    '--profile': ['url', ...pair],
  };
})();

/**
 * The global options of a command line for another one, but those that it replaces. The secret that was asked for is among them.
 *
 * @param typed The words of the other one.
 */
export function inheritedArgs(command: Command, { signSecret }: CallCredentials, typed: readonly string[]): string[] {
  const program = command.parent ?? command;
  const replaced = new Set<string>(typed.flatMap(word => REPLACING[word.split('=')[0] ?? ''] ?? []));
  return program.options.flatMap(option => {
    const name = option.attributeName();
    const long = option.long ?? '';
    if (program.getOptionValueSource(name) !== 'cli' || replaced.has(name)) return [];
    if (name === 'askSecret') return signSecret === undefined ? [] : [`--sign-secret=${signSecret}`];
    return option.required ? [`${long}=${program.getOptionValue(name)}`] : [long];
  });
}

/** Address of the service that the running command calls. */
export function serviceUrl(command: Command): string {
  return serviceAccess(command.optsWithGlobals<GlobalOptions>(), process.env, DEFAULT_URL).url;
}

/**
 * What the command line itself says about a service, and its credentials.
 *
 * @throws UsageError when there is a secret without a key.
 */
export function commandLineAccess(command: Command): {
  readonly options: AccessOptions;
  readonly credentials: CallCredentials | undefined;
} {
  const options = command.optsWithGlobals<GlobalOptions>();
  return { options, credentials: optionCredentials(options) };
}
