import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError, type Option } from 'commander';

import { InvalidText } from '../planning/text/invalidText.js';
import { readSecretFile } from './access/secretFile.js';
import { type CallCredentials, dispatchCredentials, openConfig } from './access/serviceAccess.js';
import { commandLineAccess } from './globalOptions.js';
import { parseBoolean } from './input/parseValue.js';
import { UsageError } from './input/usageError.js';
import type { ServeOptions } from './serveOptions.js';

/** Where a setting comes from: the command line, a variable of the environment, a configuration file, or nowhere. */
export type SettingSource = string;

/** The settings of `serve`, with where each comes from. */
export interface ServeSettings {
  readonly options: ServeOptions;
  /** Credentials that the service accepts. */
  readonly credentials: CallCredentials;
  /** Sources of the options that are set, by name. */
  readonly sources: ReadonlyMap<string, SettingSource>;
}

const PREFIX = 'DISPATCH_SERVE_';
const CREDENTIALS = ['authKeyFile', 'signSecretFile'] as const;
/** Two ways to say one thing: the first source that has one of them decides. */
const DATABASE = ['database', 'databaseFile'];

type Texts = Readonly<Record<string, { readonly texts: readonly string[]; readonly source: string }>>;

/**
 * Reads the settings of `serve`. Each comes from the first source that has it: the command line, `DISPATCH_SERVE_…` of the environment, the section
 * `serve` of the configuration file.
 *
 * @throws UsageError that names the source of what is wrong.
 */
export function serveSettings(command: Command, env: Readonly<Record<string, string | undefined>>): ServeSettings {
  const options = command.options.filter(option => option.attributeName() !== 'check');
  const names = [...options.map(option => option.attributeName()), ...CREDENTIALS];
  const access = commandLineAccess(command);
  const config = openConfig(access.options, env);
  const layers = [fromEnvironment(env, names), fromConfig(config?.serve ?? {}, config?.path ?? '', options, names)];
  const sources = new Map<string, SettingSource>();
  for (const option of options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) === 'cli') sources.set(name, option.long ?? name);
  }
  if (DATABASE.every(name => sources.has(name)))
    throw new UsageError('--database-file cannot be used with --database.');
  for (const layer of layers) {
    if (DATABASE.every(name => name in layer)) {
      throw new UsageError(`${layer.databaseFile?.source} cannot be used together with ${layer.database?.source}.`);
    }
    const isDatabaseSet = DATABASE.some(name => sources.has(name));
    for (const option of options) {
      const name = option.attributeName();
      const given = layer[name];
      if (given === undefined || sources.has(name) || (isDatabaseSet && DATABASE.includes(name))) continue;
      command.setOptionValueWithSource(name, parsedValue(option, given.texts, given.source), 'config');
      sources.set(name, given.source);
    }
  }
  const [environment = {}, file = {}] = layers;
  const credentials = access.credentials ?? secrets(environment) ?? dispatchCredentials(env) ?? secrets(file) ?? {};
  return { options: command.opts<ServeOptions>(), credentials, sources };
}

/** Variables, one for each option. */
function fromEnvironment(env: Readonly<Record<string, string | undefined>>, names: readonly string[]): Texts {
  const byVariable = new Map(names.map(name => [variableOf(name), name]));
  const found: Record<string, Texts[string]> = {};
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue;
    const name = byVariable.get(variable);
    if (name === undefined) throw new UsageError(`${variable} is no option of serve: see dispatch serve --help.`);
    found[name] = { texts: [text], source: variable };
  }
  return found;
}

function variableOf(name: string): string {
  return PREFIX + name.replace(/[A-Z]/g, '_$&').toUpperCase();
}

/** A section of a configuration file; its paths are relative to it. */
function fromConfig(
  section: Readonly<Record<string, unknown>>,
  path: string,
  options: readonly Option[],
  names: readonly string[],
): Texts {
  const isPath = (name: string, text: string) =>
    name === 'database'
      ? text !== ':memory:' && !text.includes('://')
      : CREDENTIALS.some(file => file === name) ||
        options.some(option => option.attributeName() === name && option.flags.includes('<file>'));
  return Object.fromEntries(
    Object.entries(section).map(([name, value]) => {
      const source = `${path}: serve.${name}`;
      if (!names.includes(name)) throw new UsageError(`${source} is no setting; there are ${names.join(', ')}.`);
      const texts = textsOf(value, source);
      return [name, { texts: texts.map(text => (isPath(name, text) ? resolve(dirname(path), text) : text)), source }];
    }),
  );
}

/** Texts as they are on a command line: of `{ "reads": 8 }` it is `reads=8`, of a list each of its texts. */
function textsOf(value: unknown, source: string): string[] {
  if (['string', 'number', 'boolean'].includes(typeof value)) return [`${value}`];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).map(([name, number]) => {
      if (/^\d+$/.test(`${number}`)) return `${name}=${number}`;
      throw new UsageError(`${source}.${name} must be an integer above 0.`);
    });
  }
  if (Array.isArray(value) && value.every(text => typeof text === 'string')) return value;
  throw new UsageError(`${source} must be a text, a number, true, false, a list of texts, or an object of numbers.`);
}

function parsedValue(option: Option, texts: readonly string[], source: string): unknown {
  try {
    if (option.isBoolean()) return texts.map(parseBoolean)[0] || undefined;
    const { parseArg } = option;
    // Those that may be repeated on a command line may be separated by commas.
    const isRepeated = option.variadic || option.flags.includes('<name=number>');
    const parts = isRepeated ? texts.flatMap(text => text.split(',')) : texts;
    if (option.variadic) return parts;
    if (parts.length !== 1 && !isRepeated) throw new UsageError('It must be one text.');
    if (parseArg === undefined) return texts[0];
    return parts.reduce<unknown>((value, text) => parseArg(text, value), undefined);
  } catch (error) {
    // Those of choices are commander's own.
    const isOfText = error instanceof InvalidText || error instanceof InvalidArgumentError;
    if (isOfText) throw new UsageError(`${source}: ${error.message}`);
    throw error;
  }
}

function secrets({ authKeyFile, signSecretFile }: Texts): CallCredentials | undefined {
  const read = (file: Texts[string] | undefined) => file && readSecretFile(file.texts[0] ?? '', file.source);
  const [authKey, signSecret] = [read(authKeyFile), read(signSecretFile)];
  if (authKey === undefined && signSecret !== undefined) {
    throw new UsageError(`${signSecretFile?.source} needs a file of the key too.`);
  }
  return authKey === undefined ? undefined : { authKey, ...(signSecret !== undefined && { signSecret }) };
}
