import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { messageOf } from '../../model/dispatchError.js';
import { parseJsonFile } from '../../model/parseJsonFile.js';
import { UsageError } from '../input/usageError.js';
import { readSecretFile, warnWhenReadable } from './secretFile.js';

/** How to reach a service: one profile of a configuration file. */
export interface Profile {
  readonly url?: string;
  readonly authKey?: string;
  readonly signSecret?: string;
}

/** The profiles of a configuration file. */
export interface Profiles {
  /** Path of the file. */
  readonly path: string;
  /** Name of the profile that is used when none is asked for. */
  readonly defaultName: string | undefined;
  readonly names: readonly string[];
  /** Settings of `serve`, not checked. */
  readonly serve: Readonly<Record<string, unknown>>;
  /** Reads a profile, with the files that it names. @throws UsageError when there is none with this name, or it is invalid. */
  profile(name: string): Profile;
}

const FIELDS = ['url', 'authKey', 'authKeyFile', 'signSecret', 'signSecretFile'] as const;

/**
 * Reads a configuration file:
 *
 * ```json
 * { "default": "plant", "profiles": { "plant": { "url": "grpc://plant.example", "authKey": "…", "signSecretFile": "plant.secret" } },
 *   "serve": { "listen": "0.0.0.0:50051", "keys": "keys.json" } }
 * ```
 *
 * Paths are relative to the file. It warns when every user of the machine can read a file that holds a key or a secret.
 *
 * @returns null when there is no file.
 * @throws UsageError when it cannot be read or is invalid.
 */
export function readProfiles(path: string): Profiles | null {
  const text = readText(path);
  if (text === null) return null;
  const refuse = (place: string, problem: string): never => {
    throw new UsageError(`${path}: ${place}${problem}.`);
  };
  let root: unknown;
  try {
    root = parseJsonFile(text);
  } catch (error) {
    return refuse('', (error as RangeError).message);
  }
  if (!isObject(root)) return refuse('', 'must be an object');
  const { default: defaultName, profiles = {}, serve = {}, ...others } = root;
  const [surplus] = Object.keys(others);
  if (surplus !== undefined) refuse('', `must have no field other than default, profiles and serve, not ${surplus}`);
  if (!isObject(profiles)) return refuse('profiles: ', 'must be an object');
  if (!isObject(serve)) return refuse('serve: ', 'must be an object');
  if (defaultName !== undefined && (typeof defaultName !== 'string' || !Object.hasOwn(profiles, defaultName))) {
    return refuse('default: ', 'must be the name of one of the profiles');
  }
  const names = Object.keys(profiles);
  return {
    path,
    defaultName,
    names,
    serve,
    profile(name) {
      if (!Object.hasOwn(profiles, name)) {
        return refuse('', names.length === 0 ? 'has no profiles' : `has no profile ${name}, only ${names.join(', ')}`);
      }
      return readProfile(profiles[name], path, (field, problem) => refuse(`profiles.${name}${field}: `, problem));
    },
  };
}

function readProfile(entry: unknown, path: string, refuse: (field: string, problem: string) => never): Profile {
  if (!isObject(entry)) return refuse('', 'must be an object');
  const surplus = Object.keys(entry).find(name => !(FIELDS as readonly string[]).includes(name));
  if (surplus !== undefined) refuse('', `must have no fields other than ${FIELDS.join(', ')}, not ${surplus}`);
  const text = (field: (typeof FIELDS)[number]): string | undefined => {
    const value = entry[field];
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    return refuse(`.${field}`, 'must be a text that is not empty');
  };
  const secret = (field: 'authKey' | 'signSecret'): string | undefined => {
    const [own, file] = [text(field), text(`${field}File`)];
    if (own !== undefined && file !== undefined) refuse(`.${field}File`, `must be absent where ${field} is given`);
    if (own !== undefined) warnWhenReadable(path);
    return file === undefined ? own : readSecretFile(resolve(dirname(path), file), `${path}: ${field}File`);
  };
  const [url, authKey, signSecret] = [text('url'), secret('authKey'), secret('signSecret')];
  if (signSecret !== undefined && authKey === undefined) refuse('', 'must have an authKey where it has a signSecret');
  return { ...(url && { url }), ...(authKey && { authKey }), ...(signSecret && { signSecret }) };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new UsageError(`The configuration file cannot be read: ${messageOf(error)}.`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
