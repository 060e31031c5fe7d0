/**
 * The Stately inspector, on pages that are opened with `?inspect`: its window is a page of stately.ai. What actors hold and receive is
 * sent to that page, and nothing else; without a network nothing is lost but the view.
 */
export const inspector = new URLSearchParams(location.search).has('inspect')
  ? (await import('@statelyai/inspect')).createBrowserInspector({ autoStart: false })
  : undefined;
