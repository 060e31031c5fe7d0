import { portAddress } from '../../src/service/access/listenAddress.js';
import type { DispatchStore } from '../../src/service/domain/dispatchStore.js';
import { type WebServerOptions, webServer } from '../../src/service/web/webServer.js';
import { type ServeOptions, serveStore } from './serveStore.js';

/** Serves a store on free ports, over gRPC and over HTTP with these options. */
export async function serveWeb(store: DispatchStore, web: Partial<WebServerOptions> = {}, options: ServeOptions = {}) {
  const place = portAddress('0', 'web.listen');
  const none = { place, origins: [], files: () => undefined };
  const service = await serveStore(store, {
    ...options,
    openWeb: async parts => webServer({ ...parts, ...none, ...web }),
  });
  return { ...service, webUrl: service.webUrl ?? '', [Symbol.asyncDispose]: () => service.stop() };
}
