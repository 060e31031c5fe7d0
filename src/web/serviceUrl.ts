import { DispatchError } from '../model/dispatchError.js';

/**
 * Checks the URL of a service that answers over HTTP: `https://host:port`, or with a path below which a proxy has it.
 *
 * @returns it without a slash at its end.
 * @throws DispatchError INVALID_ARGUMENT
 */
export function parseServiceUrl(given: string | URL): string {
  const text = String(given ?? '');
  const url = URL.canParse(text) ? new URL(text) : null;
  // The text itself is not part of messages: it may hold a password.
  if (url === null) throw invalid('must look like https://host:50052');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid('must begin with https:// or http://');
  if (url.username !== '' || url.password !== '') throw invalid('must not have a user or a password');
  if (url.search !== '' || url.hash !== '') throw invalid('must not have a query or a fragment');
  return url.href.replace(/\/+$/, '');
}

function invalid(problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `url ${problem}`, { field: 'url' });
}
