import { UsageError } from '../input/usageError.js';

/** Where `--inspect` shows machines: on a page served at a port of this machine, or in an inspector that listens elsewhere. */
export type InspectorPlace = { readonly port: number } | { readonly url: string };

/** The port of `--inspect` alone: the one at which receivers of the Stately inspector look by default. */
export const DEFAULT_INSPECTOR_PORT = '8080';

/** A port from 0, which takes a free one, to 65535, or a `ws://` or `wss://` address. */
export function parseInspectorPlace(text: string): InspectorPlace {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return { port: Number(text) };
  if (/^wss?:\/\//.test(text) && URL.canParse(text)) return { url: text };
  throw new UsageError('It is neither a port nor an address such as ws://127.0.0.1:8080.');
}
