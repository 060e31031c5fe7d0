import { existsSync } from 'node:fs';
import type { Command } from 'commander';

import { isKeyName, KEY_NAME } from '../../service/access/keysFile.js';
import { isReadableByEveryone } from '../../service/access/warnWhenReadable.js';
import { printsJson } from '../globalOptions.js';
import { parseIds, parseName } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { editKeys, isReadableByOthers, type KeyEntry, randomSecret, readKeys } from '../keys/editKeysFile.js';
import { OperationFailed } from '../operationFailed.js';
import { countText } from '../output/countText.js';
import { notesFor } from '../output/notesFor.js';
import { onOutputFailure } from '../output/outputFailure.js';
import { note, print, printJson, written } from '../output/print.js';

interface Rights {
  readonly microgrids?: KeyEntry['microgrids'];
  readonly access?: 'read' | 'write';
  readonly audit?: true;
}

/** Adds `keys`, which manages the file of API keys of a service. */
export function keysCommand(program: Command): void {
  const keys = program
    .command('keys')
    .summary('manage the file of API keys of a service')
    .description(
      'Manage the file of `serve --keys`. Changes are made as a whole or not at all, and a running service takes them within a second. ' +
        'A key and its secret are printed once, when they are made.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch keys make keys.json partner-a --microgrids 1,2
  $ dispatch keys make keys.json display --microgrids 1 --access read --unsigned
  $ dispatch keys make keys.json auditor --microgrids all --access read --audit
  $ dispatch keys rotate keys.json partner-a
  $ dispatch keys revoke keys.json partner-a
  $ dispatch keys check keys.json`,
    );
  keys
    .command('make')
    .description('Make a key with a secret, and print both.')
    .argument('<file>', 'file of keys, which is created if it does not exist')
    .argument('<name>', 'name of the key, for logs, metrics and the audit', parseKeyName)
    .requiredOption(
      '--microgrids <ids>',
      'ids of the microgrids that it may use, such as 1,2 or 1-3, or all',
      parseMicrogrids,
    )
    .option('--access <access>', 'read or write (default: write)', parseName(['read', 'write'] as const))
    .option('--audit', 'it may read who changed what')
    .option('--unsigned', 'without a secret: requests need no signature')
    .action(make);
  keys
    .command('list')
    .description('List names and rights, without keys and secrets.')
    .argument('<file>', 'file of keys')
    .action(list);
  keys
    .command('rotate')
    .description('Replace key and secret of a name, and print the new ones. The old ones are refused from then on.')
    .argument('<file>', 'file of keys')
    .argument('<name>', 'name of the key')
    .action(rotate);
  keys
    .command('revoke')
    .description('Remove a key. Its streams end.')
    .argument('<file>', 'file of keys')
    .argument('<name>', 'name of the key')
    .action(revoke);
  keys
    .command('check')
    .description('Check a file of keys, and that other users cannot read it.')
    .argument('<file>', 'file of keys')
    .action(check);
}

async function make(
  path: string,
  name: string,
  { microgrids = [], access, audit, unsigned }: Rights & { readonly unsigned?: true },
  command: Command,
): Promise<void> {
  const entry: KeyEntry = {
    name,
    key: randomSecret(),
    ...(!unsigned && { secret: randomSecret() }),
    microgrids,
    ...(access && { access }),
    ...(audit && { audit }),
  };
  const add = (keys: readonly KeyEntry[]) => {
    warnOfReaders(path, command);
    if (keys.some(other => other.name === name))
      throw new OperationFailed('ALREADY_EXISTS', `${path} already has a key ${name}.`);
    return [...keys, entry];
  };
  await editKeys(path, add, () => printSecrets(path, entry, command));
}

function list(path: string, _: object, command: Command): void {
  warnOfReaders(path, command);
  for (const { name, microgrids, access = 'write', audit = false, secret } of readKeys(path)) {
    const rights = { name, microgrids, access, audit, signed: secret !== undefined };
    if (printsJson(command)) printJson(rights);
    else print(rightsText(rights));
  }
}

async function rotate(path: string, name: string, _: object, command: Command): Promise<void> {
  const fresh = { key: randomSecret(), secret: randomSecret() };
  let isSigned = false;
  const replace = (keys: readonly KeyEntry[]) => {
    const index = keys.findIndex(entry => entry.name === name);
    const entry = keys[index];
    if (entry === undefined) throw noKey(path, name);
    warnOfReaders(path, command);
    isSigned = entry.secret !== undefined;
    return keys.with(index, { ...entry, key: fresh.key, ...(isSigned && { secret: fresh.secret }) });
  };
  await editKeys(path, replace, () =>
    printSecrets(path, { name, key: fresh.key, ...(isSigned && { secret: fresh.secret }) }, command),
  );
}

async function revoke(path: string, name: string, _: object, command: Command): Promise<void> {
  await editKeys(path, keys => {
    warnOfReaders(path, command);
    if (!keys.some(entry => entry.name === name)) throw noKey(path, name);
    return keys.filter(entry => entry.name !== name);
  });
  if (printsJson(command)) printJson({ revoked: name });
  else print(`Key revoked: ${name}`);
}

function check(path: string, _: object, command: Command): void {
  const { length } = readKeys(path);
  if (isReadableByOthers(path)) {
    throw new OperationFailed(
      'FAILED_PRECONDITION',
      `${path} can be read by other users of this machine; restrict it (chmod 600).`,
    );
  }
  if (printsJson(command)) printJson({ keys: length });
  else print(`${countText(length, 'key')}; only their owner can read them.`);
}

/** Warns as the service does; a group that may read the file is told by `check` only. */
function warnOfReaders(path: string, command: Command): void {
  if (isReadableByEveryone(path)) {
    notesFor(command)([`${path} can be read by every user of this machine; restrict it (chmod o-r).`]);
  }
}

/** Prints a key before it is in force in its file, so that none is that nobody knows. Rejects when stdout does not take it. */
async function printSecrets(
  path: string,
  { name, key, secret }: Pick<KeyEntry, 'name' | 'key' | 'secret'>,
  command: Command,
): Promise<void> {
  // Instead of the end of the program: the change is undone.
  using _failure = onOutputFailure(() => {});
  if (printsJson(command)) printJson({ name, key, ...(secret !== undefined && { secret }) });
  else {
    print(`DISPATCH_API_AUTH_KEY=${key}`);
    if (secret !== undefined) print(`DISPATCH_API_SIGN_SECRET=${secret}`);
  }
  try {
    await written();
  } catch (error) {
    throw OperationFailed.ofFile(`${path} stays as it was: stdout cannot be written`, error);
  }
  if (!printsJson(command)) note(`They are not shown again. Store them where only ${name} can read them.`);
}

function rightsText({
  name,
  microgrids,
  access,
  audit,
  signed,
}: Required<Omit<KeyEntry, 'key' | 'secret'>> & { signed: boolean }) {
  const where = microgrids === 'all' ? 'all microgrids' : `microgrids ${microgrids.join(', ')}`;
  return [name, where, access, ...(audit ? ['audit'] : []), ...(signed ? [] : ['unsigned'])].join('  ');
}

function noKey(path: string, name: string): OperationFailed | UsageError {
  if (!existsSync(path)) return new UsageError(`There is no file ${path}.`);
  return new OperationFailed('NOT_FOUND', `${path} has no key ${name}.`);
}

function parseKeyName(text: string): string {
  if (isKeyName(text)) return text;
  throw new UsageError(`It must be ${KEY_NAME}.`);
}

function parseMicrogrids(text: string): KeyEntry['microgrids'] {
  if (text.trim() === 'all') return 'all';
  if (/^[\d\s,.-]+$/.test(text)) return parseIds(text);
  throw new UsageError('It must be ids, such as 1,2 or 1-3, or all.');
}
