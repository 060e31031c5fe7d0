import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Reach } from '../../src/web/reach.js';

const url = 'https://service.example';

/** What a browser would tell the page. */
let page: EventTarget;
let document: EventTarget & { visibilityState: string };
/** Whether the service answers; undefined: neither yes nor no. */
let answers: boolean | undefined;
let looks: number;

beforeEach(() => {
  vi.useFakeTimers();
  page = new EventTarget();
  document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('document', document);
  looks = 0;
  answers = true;
  vi.stubGlobal('fetch', async (_: string, { signal }: { signal: AbortSignal }) => {
    looks += 1;
    if (answers) return new Response();
    if (answers === false) throw new TypeError('Failed to fetch');
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Waits for a service that was lost; tells when it is reached anew. */
function waitFor(reach: Reach) {
  const waiting = { isOver: false, abort: new AbortController() };
  reach.connectedAnew(waiting.abort.signal).then(
    () => {
      waiting.isOver = true;
    },
    () => {},
  );
  return waiting;
}

/** Lets happen what no timer is needed for. */
const settle = () => vi.advanceTimersByTimeAsync(0);

/** A page, the computer, or both, sleep: no timer comes meanwhile. */
function sleep(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

describe('the way of a page to its service', () => {
  it('is looked for less and less often, found again at most 10 s after the service answers, and is not lost by a call that fails otherwise', async () => {
    const reach = new Reach(url);
    answers = false;
    reach.begin(true).end(true);
    const waiting = waitFor(reach);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(waiting.isOver).toBe(false);
    expect(looks).toBeGreaterThan(7);
    expect(looks).toBeLessThan(13);
    answers = true;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(waiting.isOver).toBe(true);
    const before = looks;
    reach.begin(true).end(false);
    const next = waitFor(reach);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toBeGreaterThan(before);
    expect(next.isOver).toBe(false);
    next.abort.abort();
    await settle();
  });

  it('is looked for again within seconds when it was away for seconds, also when who waits gives up and comes back', async () => {
    const reach = new Reach(url);
    answers = false;
    reach.begin(true).end(true);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const waiting = waitFor(reach);
      await vi.advanceTimersByTimeAsync(100);
      waiting.abort.abort();
      await settle();
    }
    expect(looks).toBeLessThan(5);
    answers = true;
    const waiting = waitFor(reach);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(waiting.isOver).toBe(true);
  });

  it.each(['online', 'pageshow', 'visibilitychange', 'resume'])('is looked for at once on %s', async name => {
    const reach = new Reach(url);
    reach.begin(true).end(true);
    answers = undefined;
    const waiting = waitFor(reach);
    await settle();
    expect(looks).toBe(1);
    answers = true;
    const event = Object.assign(new Event(name), { persisted: true });
    (['online', 'pageshow'].includes(name) ? page : document).dispatchEvent(event);
    await settle();
    expect(waiting.isOver).toBe(true);
  });

  it('is looked for no more when nobody waits, or its client is closed', async () => {
    const reach = new Reach(url);
    answers = false;
    const waiting = waitFor(reach);
    await vi.advanceTimersByTimeAsync(5_000);
    waiting.abort.abort();
    const before = looks;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks).toBe(before);
    expect(vi.getTimerCount()).toBe(0);
    waitFor(reach);
    await settle();
    reach.close();
    await settle();
    const closed = looks;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks).toBe(closed);
  });

  it.each<[string, (reach: Reach) => Promise<void> | void, string]>([
    ['the browser is online again', () => void page.dispatchEvent(new Event('online')), 'online again'],
    ['the page is left', () => void page.dispatchEvent(new Event('pagehide')), 'was left'],
    [
      'it comes out of the back-forward cache',
      () => void page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })),
      'taken up again',
    ],
    [
      'page or computer have slept',
      async () => {
        sleep(600_000);
        await vi.advanceTimersByTimeAsync(15_000);
      },
      'has slept',
    ],
    [
      'the service is silent for 20 s after the page is seen again',
      async () => {
        answers = undefined;
        document.dispatchEvent(new Event('visibilitychange'));
        await vi.advanceTimersByTimeAsync(20_000);
      },
      'did not answer within 20 s',
    ],
    [
      'the service is silent when it is looked for each minute',
      async () => {
        answers = undefined;
        await vi.advanceTimersByTimeAsync(80_000);
      },
      'did not answer within 20 s',
    ],
  ])('ends its streams when %s', async (_, happen, reason) => {
    const reach = new Reach(url);
    const stream = reach.begin(true);
    const call = reach.begin(false);
    await happen(reach);
    await settle();
    expect(stream.cut.aborted).toBe(true);
    expect(stream.cut.reason).toContain(reason);
    expect(call.cut.aborted).toBe(false);
    stream.end(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps its streams in a hidden page, whose timers come once a minute, and when it is offline but the service answers', async () => {
    const reach = new Reach(url);
    const stream = reach.begin(true);
    for (let i = 0; i < 60; i += 1) {
      sleep(45_000);
      await vi.advanceTimersByTimeAsync(15_000);
    }
    page.dispatchEvent(new Event('offline'));
    document.visibilityState = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    page.dispatchEvent(new Event('pageshow'));
    await settle();
    expect(stream.cut.aborted).toBe(false);
    stream.end(false);
  });
});
