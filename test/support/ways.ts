import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { ServiceClient } from '../../src/client/serviceClient.js';
import type { CallsOptions } from '../../src/client/serviceReader.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import type { DispatcherSettings } from '../../src/dispatcher/dispatcherOptions.js';
import type { MicrogridDispatcher } from '../../src/dispatcher/microgridDispatcher.js';
import { type DispatchServiceOptions, startDispatchService } from '../../src/service/startDispatchService.js';
import { DispatchClient as WebClient } from '../../src/web/dispatchClient.js';
import { Dispatcher as WebDispatcher } from '../../src/web/dispatcher.js';
import { startGrpcWebGateway } from './grpcWebGateway.js';

/** A service that was started, and where it is by some way. */
export interface Reached extends AsyncDisposable {
  /** An address, or a URL. */
  readonly place: string;
}

/** A way from clients to services. */
export interface Way {
  readonly name: string;
  /** Starts the service of this package, by default on a free port; later ones may be started at its place. */
  serve(options?: DispatchServiceOptions, at?: string): Promise<Reached>;
  /** Leads to another service, which speaks gRPC only. */
  leadTo(address: string): Promise<Reached>;
  /** The place of a port of this machine. */
  placeOf(port: number): string;
  client(place: string, options?: CallsOptions): ServiceClient;
  dispatcher(place: string, options: DispatcherSettings & CallsOptions): MicrogridDispatcher;
}

/** The way of `xstate-dispatch`. */
export const overGrpc: Way = {
  name: 'gRPC',
  async serve(options, at) {
    const service = await startDispatchService({
      listen: at ? at.replace(/^grpc:\/\/|\?.*/g, '') : '127.0.0.1:0',
      ...options,
    });
    return { place: service.address, [Symbol.asyncDispose]: () => service.stop() };
  },
  leadTo: async address => ({ place: address, async [Symbol.asyncDispose]() {} }),
  placeOf: port => `grpc://127.0.0.1:${port}?ssl=false`,
  client: (address, options) => new DispatchClient({ address, ...options }),
  dispatcher: (address, options) => new Dispatcher({ address, ...options }),
};

/** The way of `xstate-dispatch/web`. */
const overHttp: Way = {
  name: 'HTTP',
  async serve(options, at) {
    const service = await startDispatchService({
      web: { listen: at ? new URL(at).host : '127.0.0.1:0' },
      ...options,
    });
    return { place: service.webUrl ?? '', [Symbol.asyncDispose]: () => service.stop() };
  },
  async leadTo(address) {
    const gateway = await startGrpcWebGateway(address);
    return { place: gateway.url, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
  },
  placeOf: port => `http://127.0.0.1:${port}`,
  client: (url, options) => new WebClient({ url, ...options }),
  dispatcher: (url, options) => new WebDispatcher({ url, ...options }),
};

/** Every way. */
export const ways: readonly Way[] = [overGrpc, overHttp];
