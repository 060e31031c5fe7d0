import type { Dispatcher } from '../dispatcher/dispatcher.js';
import type { Logger } from '../logger.js';
import { type ListenAddress, portAddress } from '../service/access/listenAddress.js';
import { resourceStack } from '../service/operation/resourceStack.js';
import { type Page, servePages } from '../service/operation/servePages.js';
import type { PrometheusMetrics } from '../telemetry/prometheusMetrics.js';
import { withOptions } from './withMicrogrid.js';

/** Where `follow` serves what over HTTP: `PORT` or `HOST:PORT`. What has the same address is served together. */
export interface FollowPagesOptions {
  readonly health?: string | undefined;
  readonly metrics?: string | undefined;
}

/** The pages of a `follow`: their addresses by the option that asked for them. */
export interface FollowPages extends AsyncDisposable {
  readonly urls: { readonly health?: string; readonly metrics?: string };
}

type Pages = Readonly<Record<string, () => Page | Promise<Page>>>;

/**
 * Serves the health and the metrics of a dispatcher over HTTP. `/health` answers 200 while dispatches start and stop on schedule, also
 * without the service, and while the dispatcher waits for its store, which no restart makes free; `/ready` while the dispatcher is live;
 * else 503. Both answer the status as JSON.
 *
 * @throws UsageError when an address has another form; DispatchError UNAVAILABLE when it cannot be listened on.
 */
export async function serveFollowPages(
  dispatcher: Dispatcher,
  metrics: PrometheusMetrics | undefined,
  options: FollowPagesOptions,
  logger: Logger,
): Promise<FollowPages> {
  const pages: Record<PagesName, Pages> = {
    health: healthPages(dispatcher),
    metrics: metrics === undefined ? {} : metricsPages(metrics),
  };
  const opened = resourceStack();
  const urls: { health?: string; metrics?: string } = {};
  try {
    for (const { place, names } of await withOptions(() => places(options))) {
      const served = await servePages(Object.assign({}, ...names.map(name => pages[name])), place, logger);
      opened.defer(names.join(' and '), served.stop);
      for (const name of names) urls[name] = `${served.origin}/${name}`;
    }
  } catch (error) {
    await opened.close();
    throw error;
  }
  return { urls, [Symbol.asyncDispose]: opened.close };
}

type PagesName = keyof FollowPagesOptions;

/** The addresses, each with what is wanted there. */
function places(options: FollowPagesOptions): Iterable<{ readonly place: ListenAddress; readonly names: PagesName[] }> {
  const byAddress = new Map<string, { place: ListenAddress; names: PagesName[] }>();
  for (const name of ['health', 'metrics'] as const) {
    const text = options[name];
    if (text === undefined) continue;
    const place = portAddress(text, `--${name}`);
    const at = byAddress.get(place.text) ?? { place, names: [] };
    at.names.push(name);
    byAddress.set(place.text, at);
  }
  return byAddress.values();
}

function healthPages(dispatcher: Dispatcher): Pages {
  const answer = (isWell: boolean): Page => {
    const { status, dispatches, microgridId } = dispatcher;
    const text = `${JSON.stringify({ microgridId, ...status, dispatches: dispatches.size })}\n`;
    return { status: isWell ? 200 : 503, contentType: 'application/json', text };
  };
  return {
    '/health': () => answer(!['stopping', 'stopped'].includes(dispatcher.status.state)),
    '/ready': () => answer(dispatcher.status.state === 'live'),
  };
}

function metricsPages({ text, contentType }: PrometheusMetrics): Pages {
  return { '/metrics': async () => ({ text: await text(), contentType }) };
}
