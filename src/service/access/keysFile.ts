import { DispatchError } from '../../model/dispatchError.js';
import { parseJsonFile } from '../../model/parseJsonFile.js';
import type { ApiKey } from './keyRing.js';

/** Names of keys, which appear in logs and as a label of metrics. */
const NAME = /^[\w.-]{1,64}$/;
/** What a name of a key must be. */
export const KEY_NAME = 'a string of 1 to 64 letters, digits, dots, hyphens and underscores';
/** A value that gRPC can send as metadata, without spaces at its ends. */
const KEY = /^[!-~]([ -~]{0,254}[!-~])?$/;
const MAX_SECRET_LENGTH = 1024;
const FIELDS = ['name', 'key', 'secret', 'microgrids', 'access', 'audit'];

/**
 * Parses a file of API keys:
 *
 * ```json
 * { "keys": [{ "name": "partner-a", "key": "…", "secret": "…", "microgrids": [1, 2] }] }
 * ```
 *
 * `microgrids` may be `"all"`; without a `secret` calls with the key need no signature; with `"access": "read"` the key cannot change
 * anything (the default is `"write"`); with `"audit": true` it can read who changed what. Names and keys must be unique. With an empty list every call is refused.
 *
 * @param path - for messages.
 * @throws DispatchError INVALID_ARGUMENT that names entry and field, without any other content of the file.
 */
export function parseKeysFile(text: string, path: string): readonly ApiKey[] {
  const refuse = (place: string, problem: string): never => {
    throw new DispatchError('INVALID_ARGUMENT', `keys: ${path}: ${place}${problem}`, { field: 'keys' });
  };
  let root: unknown;
  try {
    root = parseJsonFile(text, ['keys', ...FIELDS]);
  } catch (error) {
    return refuse('', (error as RangeError).message);
  }
  if (!isObject(root) || !Array.isArray(root.keys)) return refuse('', 'must be an object with a list "keys"');
  const surplus = Object.keys(root).find(name => name !== 'keys');
  if (surplus !== undefined) refuse('', `must have no field other than "keys"${namedText(surplus)}`);
  const keys = root.keys.map((entry, index) =>
    readEntry(entry, (field, problem) => refuse(`keys[${index}]${field && `.${field}`}: `, problem)),
  );
  for (const field of ['name', 'key'] as const) {
    const firsts = new Map<string, number>();
    for (const [index, entry] of keys.entries()) {
      const first = firsts.get(entry[field]);
      if (first !== undefined) refuse(`keys[${index}].${field}: `, `must differ from that of keys[${first}]`);
      firsts.set(entry[field], index);
    }
  }
  return keys;
}

function readEntry(entry: unknown, refuse: (field: string, problem: string) => never): ApiKey {
  if (!isObject(entry)) return refuse('', 'must be an object');
  const surplus = Object.keys(entry).find(name => !FIELDS.includes(name));
  if (surplus !== undefined) refuse('', `must have no fields other than ${FIELDS.join(', ')}${namedText(surplus)}`);
  const { name, key, secret, microgrids, access = 'write', audit = false } = entry;
  if (!isKeyName(name)) return refuse('name', `must be ${KEY_NAME}`);
  if (typeof key !== 'string' || !KEY.test(key)) {
    return refuse('key', 'must be a string of 1 to 256 printable ASCII characters, without spaces at its ends');
  }
  if (secret !== undefined && (typeof secret !== 'string' || secret === '' || secret.length > MAX_SECRET_LENGTH)) {
    return refuse('secret', `must be a string of 1 to ${MAX_SECRET_LENGTH} characters, or absent`);
  }
  if (access !== 'read' && access !== 'write') return refuse('access', 'must be "read" or "write", or absent');
  if (typeof audit !== 'boolean') return refuse('audit', 'must be true or false, or absent');
  if (microgrids === 'all') return { name, key, secret, microgrids, access, audit };
  if (!Array.isArray(microgrids) || !microgrids.every(id => Number.isSafeInteger(id) && id >= 0)) {
    return refuse('microgrids', 'must be "all" or a list of microgrid ids');
  }
  return { name, key, secret, microgrids: new Set<number>(microgrids), access, audit };
}

/** Names a field that is not known, where it is surely not a key or a secret that is at the wrong place. */
function namedText(field: string): string {
  return /^[a-z_]{1,24}$/i.test(field) ? `, not ${field}` : '';
}

/** Whether a value can be the name of a key. */
export function isKeyName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
