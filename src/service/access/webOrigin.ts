import { invalidOption } from '../domain/invalidOption.js';

/**
 * Parses an origin of pages, such as `https://console.example`.
 *
 * @throws DispatchError INVALID_ARGUMENT when it is none of a page: a scheme, a host, and a port if it is not that of the scheme.
 */
export function webOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (!isOrigin || text.endsWith('/') || url.hostname.includes('*')) {
    throw invalidOption(
      'web.origins',
      `'${text}' is not an origin, such as https://console.example or http://localhost:5173: ` +
        'a scheme and a host without wildcards, with a port if it is not that of the scheme, and no slash at the end',
    );
  }
  return url.origin;
}
