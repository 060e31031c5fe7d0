import type { DispatchError } from '../model/dispatchError.js';
import { optionName } from './input/optionName.js';
import type { ServeSettings } from './serveSettings.js';

/** Options of `serve` by those of the service whose names differ by more than a unit. */
const OPTIONS: Readonly<Record<string, string>> = {
  limits: 'limit',
  'tls.certificate': 'tlsCert',
  'tls.clientCa': 'tlsClientCa',
  'tls.key': 'tlsKey',
  'web.listen': 'web',
  'web.origins': 'webOrigin',
};

/**
 * The message of an error of the service which, instead of the option of the service, names what was set: the option of the command line, the
 * variable of the environment, or the key of the configuration file.
 */
export function settingMessage({ code, field, message }: DispatchError, sources: ServeSettings['sources']): string {
  if (code !== 'INVALID_ARGUMENT' || field === undefined || !message.startsWith(`${field}: `)) return message;
  const [option = field, part] = field in OPTIONS ? [field] : field.split('.');
  const name = OPTIONS[option] ?? option.replace(/Ms$/, '');
  const source = (name === 'database' && sources.get('databaseFile')) || (sources.get(name) ?? optionName(name));
  const problem = message.slice(`${field}: `.length);
  return part === undefined ? `${source}: ${problem}` : `${source}: ${part} ${problem}`;
}
