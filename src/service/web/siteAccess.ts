import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

import { isLoopback } from '../../wire/loopback.js';
import type { ListenAddress } from '../access/listenAddress.js';

/** Which names a port may be called by, and which pages may call it. */
export interface SiteAccess {
  /**
   * Why a request is refused; null when it is not.
   *
   * @param host - its `Host` or `:authority`.
   * @param origin - the `Origin` of the page that makes it; absent when no browser does, or the page was fetched from the port itself by GET.
   */
  refusal(host: string | undefined, origin: string | undefined): string | null;
  /** Takes the certificate with which the port is served from now on, in PEM. */
  useCertificate(certificate: string | Buffer): void;
}

/** What decides on requests from other places. */
export interface SiteAccessOptions {
  readonly place: ListenAddress;
  /** Origins of pages that may call, such as `https://console.example`, beside the pages of the port itself. */
  readonly origins: readonly string[];
  readonly isSecure: boolean;
}

const NO_ORIGIN =
  'pages without an origin of their own, such as files and frames in a sandbox, may not call this service: serve them from an origin, and allow that (--web-origin)';
const HOST = /^(\[[\da-f:.]+\]|[^\s:/[\]@]+)(?::\d{1,5})?$/i;

/**
 * Refuses requests to names that are not those of this port, and from pages that are not known: otherwise every page that a user visits could
 * call a service on the user's own machine, also one whose name was made to point there (DNS rebinding).
 *
 * The port is called by its address, by the names of the machine itself, by those of its certificate, and by the hosts of the origins, which are also the
 * names under which a proxy may publish it. Unless it is bound to loopback any IP address will do: names can be made to point anywhere, addresses cannot.
 */
export function siteAccess({ place, origins, isSecure }: SiteAccessOptions): SiteAccess {
  const allowed = new Set(origins);
  const published = new Set([...allowed].map(origin => new URL(origin).host));
  const hosts = new Set([place.host.toLowerCase(), ...[...published].map(hostnameOf)]);
  const scheme = isSecure ? 'https' : 'http';
  let certificate: X509Certificate | null = null;

  function isServed(name: string): boolean {
    if (isLoopback(name) || hosts.has(name)) return true;
    const address = name.replace(/^\[|\]$/g, '');
    if (isIP(address) > 0) return !place.loopback || certificate?.checkIP(address) !== undefined;
    return certificate?.checkHost(name) !== undefined;
  }

  return {
    refusal(host, origin) {
      const name = hostnameOf(host ?? '');
      if (name === null || !isServed(name)) {
        return `the host ${name ?? host} is not served here: allow it as one of the origins (--web-origin), with its scheme`;
      }
      if (origin === undefined || allowed.has(origin)) return null;
      // Where a proxy publishes it with TLS, a page without TLS may be anybody's.
      if (origin === originText(scheme, host ?? '') && !published.has(new URL(origin).host)) return null;
      if (origin === 'null') return NO_ORIGIN;
      return `pages of ${origin} may not call this service: allow them as one of its origins (--web-origin)`;
    },
    useCertificate(pem) {
      certificate = new X509Certificate(pem);
    },
  };
}

/** The origin of the pages of a host, as browsers write it. */
function originText(scheme: string, host: string): string | null {
  const text = `${scheme}://${host}`;
  return URL.canParse(text) ? new URL(text).origin : null;
}

/** A host without its port, in lower case; null when it is none. */
export function hostnameOf(host: string): string | null {
  return HOST.exec(host)?.[1]?.toLowerCase() ?? null;
}
