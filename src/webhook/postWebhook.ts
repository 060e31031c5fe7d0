import { messageOf } from '../model/dispatchError.js';

/** What came of an attempt to send a webhook. */
export type WebhookOutcome =
  | { readonly kind: 'delivered' }
  /** The receiver wants nothing any more (410). */
  | { readonly kind: 'gone' }
  /** The receiver refuses this one; others may pass. */
  | { readonly kind: 'refused'; readonly reason: string; readonly retryAfterMs: number }
  /** The receiver is away or overloaded, which concerns all. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number };

/** Longest wait that a receiver may ask for, in milliseconds. */
const maxRetryAfterMs = 24 * 3_600_000;

/** Sends a webhook once. It follows no redirects. */
export async function postWebhook(
  url: URL,
  headers: Record<string, string>,
  { body, signal, nowMs }: { readonly body: string; readonly signal: AbortSignal; readonly nowMs: () => number },
): Promise<WebhookOutcome> {
  const type = { 'content-type': 'application/json', 'user-agent': 'xstate-dispatch' };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...type, ...headers },
      body,
      signal,
      redirect: 'manual',
    });
    // What it says is of no use, and must not keep the connection.
    await response.body?.cancel();
    return outcomeOf(response, nowMs());
  } catch (error) {
    // The error of fetch has the reason as its cause only.
    const { cause } = error as { cause?: unknown };
    return { kind: 'failed', reason: messageOf(cause ?? error), retryAfterMs: 0 };
  }
}

function outcomeOf({ ok, status, headers }: Response, nowMs: number): WebhookOutcome {
  if (ok) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  const isBusy = status >= 500 || status === 429 || status === 408;
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), nowMs);
  return { kind: isBusy ? 'failed' : 'refused', reason: `it answers ${status}`, retryAfterMs };
}

/** The least wait that `Retry-After` (RFC 9110, 10.2.3) asks for: whole seconds, or until a date. Anything else, and what is past, asks for none. */
function readRetryAfter(text: string | null, nowMs: number): number {
  if (text === null) return 0;
  const dateMs = Date.parse(text);
  // Date.parse takes much that is no date of HTTP, such as "-5".
  const isDate = !Number.isNaN(dateMs) && new Date(dateMs).toUTCString() === text;
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : isDate ? dateMs - nowMs : 0;
  return Math.min(Math.max(waitMs, 0), maxRetryAfterMs);
}
