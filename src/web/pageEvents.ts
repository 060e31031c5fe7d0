/** What a {@link listenToPage} tells. */
export interface PageListener {
  /** The network has changed, or the page is put aside or taken up again: what is open may have ended without a sign. */
  readonly changed: (reason: string) => void;
  /** The page may have missed something: it is seen again, goes on after it was frozen, or the browser is offline. */
  readonly stirred: () => void;
}

type Listened = readonly [target: EventTarget | undefined, type: string, listener: (event: Event) => void];

/** Listens to what a browser tells a page, or a worker, of its time and network; returns the undo. Elsewhere nothing is told. */
export function listenToPage({ changed, stirred }: PageListener): () => void {
  const { document } = globalThis as { document?: Document };
  const page = typeof globalThis.addEventListener === 'function' ? (globalThis as unknown as EventTarget) : undefined;
  const listened: readonly Listened[] = [
    [page, 'online', () => changed('the browser is online again')],
    [page, 'offline', stirred],
    // A page with an open stream would not be kept for the way back.
    [page, 'pagehide', () => changed('the page was left')],
    [page, 'pageshow', event => (event as PageTransitionEvent).persisted && changed('the page was taken up again')],
    [document, 'visibilitychange', () => document?.visibilityState === 'visible' && stirred()],
    [document, 'resume', stirred],
  ];
  for (const [target, type, listener] of listened) target?.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of listened) target?.removeEventListener(type, listener);
  };
}
