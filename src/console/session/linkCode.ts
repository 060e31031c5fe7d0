/**
 * Takes the code of the link that has opened the page: it is in the fragment, which browsers send to nobody, and is removed from the address bar and
 * the history of the tab.
 *
 * @returns null when there is none.
 */
export function takeLinkCode(): string | null {
  const code = codeOf(location.hash);
  if (code !== null) history.replaceState(null, '', `${location.pathname}${location.search}`);
  return code;
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
