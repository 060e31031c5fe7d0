import { join } from 'node:path';

import { UsageError } from '../input/usageError.js';
import { userFolder } from '../userFolder.js';
import { type Profile, type Profiles, readProfiles } from './profiles.js';
import { readSecretFile } from './secretFile.js';

/** Credentials of a call, both from one source. */
export interface CallCredentials {
  readonly authKey?: string;
  readonly signSecret?: string;
}

/** Address and credentials with which a command calls a service. */
export interface ServiceAccess extends CallCredentials {
  readonly url: string;
}

/** What the command line says about the service. */
export interface AccessOptions {
  readonly url?: string | undefined;
  readonly authKey?: string | undefined;
  readonly authKeyFile?: string | undefined;
  readonly signSecret?: string | undefined;
  readonly signSecretFile?: string | undefined;
  readonly profile?: string | undefined;
  readonly config?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Default path of the configuration file; on Linux `~/.config/xstate-dispatch/config.json`. */
function configFile(): string {
  return join(userFolder('config'), 'config.json');
}

/**
 * Finds address and credentials. Each comes from the first source that has it: options, the profile that is asked for, variables of the
 * environment (`DISPATCH_API_*`, then the pair `FREQUENZ_API_KEY` and `FREQUENZ_API_SECRET`), the default profile. Key and secret are a pair: one
 * that has no secret is never completed from another source.
 *
 * @throws UsageError when a source has a secret without a key, or a file is invalid.
 */
export function serviceAccess(options: AccessOptions, env: Environment, defaultUrl: string): ServiceAccess {
  const profiles = openConfig(options, env);
  const name = options.profile ?? notEmpty(env.DISPATCH_PROFILE);
  const source = options.profile === undefined ? 'DISPATCH_PROFILE' : '--profile';
  const asked = name === undefined ? undefined : profileOf(profiles, name, source);
  const fallback = name === undefined && profiles?.defaultName !== undefined ? profiles.defaultName : undefined;
  const byDefault = (): Profile => (fallback === undefined ? {} : (profiles?.profile(fallback) ?? {}));
  const credentials =
    optionCredentials(options) ?? complete(asked) ?? environmentCredentials(env) ?? complete(byDefault()) ?? {};
  const url = options.url ?? asked?.url ?? notEmpty(env.DISPATCH_API_URL) ?? byDefault().url ?? defaultUrl;
  return { url, ...credentials };
}

/**
 * Opens the configuration file that is asked for, else the one of the user.
 *
 * @returns null when the user has none.
 * @throws UsageError when it is invalid, or the one that is asked for does not exist.
 */
export function openConfig(options: AccessOptions, env: Environment): Profiles | null {
  const named = options.config ?? notEmpty(env.DISPATCH_CONFIG);
  const profiles = readProfiles(named ?? configFile());
  if (named !== undefined && profiles === null) {
    const source = options.config === undefined ? 'DISPATCH_CONFIG' : '--config';
    throw new UsageError(`${source}: there is no file ${named}.`);
  }
  return profiles;
}

/** Credentials of the command line; undefined when it has none. */
export function optionCredentials(options: AccessOptions): CallCredentials | undefined {
  const { authKey, authKeyFile, signSecret, signSecretFile } = options;
  return pair(
    authKey ?? (authKeyFile && readSecretFile(authKeyFile, '--auth-key-file')),
    signSecret ?? (signSecretFile && readSecretFile(signSecretFile, '--sign-secret-file')),
    `${signSecret === undefined ? '--sign-secret-file' : '--sign-secret'} needs an --auth-key or an --auth-key-file`,
  );
}

/** Credentials of the environment for this program; undefined when it has none. */
export function dispatchCredentials(env: Environment): CallCredentials | undefined {
  const secretAlone = '--sign-secret (DISPATCH_API_SIGN_SECRET) needs an --auth-key (DISPATCH_API_AUTH_KEY)';
  return pair(
    refuseEmpty(env.DISPATCH_API_AUTH_KEY, 'DISPATCH_API_AUTH_KEY'),
    refuseEmpty(env.DISPATCH_API_SIGN_SECRET, 'DISPATCH_API_SIGN_SECRET'),
    secretAlone,
  );
}

function environmentCredentials(env: Environment): CallCredentials | undefined {
  const own = dispatchCredentials(env);
  if (own !== undefined) return own;
  const { FREQUENZ_API_KEY: authKey, FREQUENZ_API_SECRET: signSecret } = env;
  return notEmpty(authKey) === undefined
    ? undefined
    : complete({ ...(authKey && { authKey }), ...(signSecret && { signSecret }) });
}

function profileOf(profiles: Profiles | null, name: string, source: string): Profile {
  if (profiles !== null) return profiles.profile(name);
  throw new UsageError(`${source} ${name}: there is no configuration file.`);
}

function pair(authKey: string | undefined, signSecret: string | undefined, secretAlone: string) {
  if (authKey === undefined && signSecret !== undefined) throw new UsageError(`${secretAlone}.`);
  return complete({ ...(authKey && { authKey }), ...(signSecret && { signSecret }) });
}

function complete({ authKey, signSecret }: Profile = {}): CallCredentials | undefined {
  return authKey === undefined ? undefined : { authKey, ...(signSecret && { signSecret }) };
}

function notEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function refuseEmpty(text: string | undefined, name: string): string | undefined {
  if (text === '') throw new UsageError(`${name} must not be empty.`);
  return text;
}
