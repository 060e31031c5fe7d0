import { invalidOption } from '../domain/invalidOption.js';

/**
 * Parses an origin of pages, such as `https://console.example`.
 *
 * @throws DispatchError INVALID_ARGUMENT when it is none of a page: a scheme, a host, and a port if it is not that of the scheme.
 */
export function webOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (!isOrigin || text.endsWith('/')) {
    throw invalidOption(
      'web.origins',
      `'${text}' is not an origin, such as https://console.example or http://localhost:5173`,
    );
  }
  return url.origin;
}
