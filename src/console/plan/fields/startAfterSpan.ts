import { parseDuration } from '../../../planning/text/parseDuration.js';

/**
 * The instant that a start such as `in 10m` means, milliseconds since the epoch; null when a text is no such start.
 *
 * @throws InvalidPlan when its span is none.
 */
export function startAfterSpan(text: string, nowMs: number): number | null {
  const [, span] = /^\s*in\s+(.+)$/i.exec(text) ?? [];
  return span === undefined ? null : nowMs + parseDuration(span);
}
