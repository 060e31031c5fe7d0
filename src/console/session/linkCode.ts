/** What opens a session by a link: its code, and the secret by which this tab can use it again when it is loaded anew before it has the answer. */
export interface OpeningLink {
  readonly code: string;
  readonly claim: string;
}

const linkKey = 'xstate-dispatch.console.link';
const claimBytes = 32;

/**
 * Takes the code of the link that has opened the page: it is in the fragment, which browsers send to nobody, and is removed from the address bar and
 * the history of the tab. The tab keeps it, with a claim of its own, until {@link forgetLink}.
 *
 * @returns null when there is none.
 */
export function takeLink(): OpeningLink | null {
  const code = codeOf(location.hash);
  if (code === null) {
    const kept = sessionStorage.getItem(linkKey);
    return kept === null ? null : (JSON.parse(kept) as OpeningLink);
  }
  const claim = [...crypto.getRandomValues(new Uint8Array(claimBytes))].map(byte => byte.toString(16)).join('-');
  const link = { code, claim };
  sessionStorage.setItem(linkKey, JSON.stringify(link));
  history.replaceState(null, '', `${location.pathname}${location.search}`);
  return link;
}

/** Forgets the link that the tab keeps: it was used, or refused. */
export function forgetLink(): void {
  sessionStorage.removeItem(linkKey);
}

/** Reloads the page when a link to it is opened in its own tab: browsers go on with the page that is there. */
export function reloadForLinks(): void {
  addEventListener('hashchange', () => {
    if (codeOf(location.hash) !== null) location.reload();
  });
}

function codeOf(hash: string): string | null {
  return /^#code=([\w-]+)$/.exec(hash)?.[1] ?? null;
}
