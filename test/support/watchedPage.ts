import type { Browser, Page } from 'playwright-core';

/** A page of a browser, and what went on in it. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of its log, and uncaught errors. */
  readonly faults: readonly string[];
  /** The texts of the items of its lists, as they were one after the other, also for a moment. */
  readonly listed: () => Promise<string[]>;
  /** Number of streams of dispatches that it has open. */
  readonly openStreams: () => number;
}

/** Opens an empty page in a window of its own. */
export async function watchedPage(browser: Browser): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('pageerror', error => faults.push(error.message));
  await page.addInitScript(noteItems);
  const streams = new Set<object>();
  page.on('request', request => {
    if (request.method() === 'POST' && request.url().endsWith('/StreamMicrogridDispatches')) streams.add(request);
  });
  for (const end of ['requestfinished', 'requestfailed'] as const) {
    page.on(end as 'requestfinished', request => streams.delete(request));
  }
  return {
    page,
    faults,
    listed: () => page.evaluate(() => (globalThis as ItemNotes).listed ?? []),
    openStreams: () => streams.size,
    [Symbol.asyncDispose]: () => context.close(),
  };
}

type ItemNotes = { listed?: string[] };

/** Runs in the page. */
function noteItems(): void {
  const listed: string[] = [];
  (globalThis as ItemNotes).listed = listed;
  new MutationObserver(() => {
    const text = [...document.querySelectorAll('li')].map(item => item.textContent).join(', ');
    if (text !== (listed.at(-1) ?? '')) listed.push(text);
  }).observe(document, { childList: true, subtree: true, characterData: true });
}
