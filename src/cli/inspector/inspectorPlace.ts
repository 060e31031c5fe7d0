import { UsageError } from '../input/usageError.js';

/** Where `--inspect` shows machines: on a page served on a local port, or in an inspector that listens elsewhere. */
export type InspectorPlace = { readonly port: number } | { readonly url: string };

/** Port of `--inspect` without a value: the default port of Stately inspector receivers. */
export const DEFAULT_INSPECTOR_PORT = '8080';

/** Parses a port (0 takes a free one) or a `ws://` or `wss://` address. */
export function parseInspectorPlace(text: string): InspectorPlace {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return { port: Number(text) };
  if (/^wss?:\/\//.test(text) && URL.canParse(text)) return { url: text };
  throw new UsageError('It must be a port from 0 to 65535 or an address such as ws://127.0.0.1:8080.');
}
