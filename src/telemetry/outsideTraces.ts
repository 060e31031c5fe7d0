import type { Transport } from '../../machines/protocol/transport.js';
import { openTelemetry } from './openTelemetry.js';

/**
 * A transport whose calls begin traces of their own. Otherwise all calls of a dispatcher would belong to the span in which it was started, as long as
 * it runs.
 */
export function outsideTraces(transport: Transport): Transport {
  return {
    ...transport,
    list: options => eachOutside(() => transport.list(options)),
    watch: options => outside(() => transport.watch(options)),
  };
}

async function* eachOutside<Item>(list: () => AsyncIterable<Item>): AsyncGenerator<Item, void, void> {
  const items = outside(() => list()[Symbol.asyncIterator]());
  try {
    for (;;) {
      const { done, value } = await outside(() => items.next());
      if (done) return;
      yield value;
    }
  } finally {
    await items.return?.();
  }
}

function outside<T>(call: () => T): T {
  const api = openTelemetry();
  return api === undefined ? call() : api.context.with(api.ROOT_CONTEXT, call);
}
