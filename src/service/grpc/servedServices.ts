import { HealthDefinition } from '../../../proto/gen/grpc/health/v1/health.js';
import { OperationsDefinition } from '../../../proto/gen/xstate_dispatch/v1/operations.js';
import type { ReadShares } from '../access/readShares.js';
import type { DispatchStore } from '../domain/dispatchStore.js';
import type { ChangeFeed } from '../feed/changeFeed.js';
import { dispatchHandlers } from './dispatchHandlers.js';
import type { Handlers, Service } from './handlers.js';
import type { Health } from './health.js';
import { operationsHandlers } from './operationsHandlers.js';
import type { ServedCall } from './servedCall.js';
import { storedBytesDefinition } from './storedBytes.js';

/** What implements a method that is no stream. */
export type UnaryHandler = (request: unknown, call: ServedCall) => Promise<unknown>;
/** What implements a method that answers with a stream. */
export type StreamHandler = (request: unknown, call: ServedCall) => AsyncIterable<unknown>;

/** A service with what implements it. */
export interface ServedService {
  readonly definition: Service;
  /** By the names that the definition gives to the methods. */
  readonly handlers: { readonly [name: string]: UnaryHandler | StreamHandler };
}

/** What the services are served from. */
export interface ServiceSources {
  readonly store: DispatchStore;
  readonly feed: ChangeFeed;
  readonly health: Health;
  readonly reads: ReadShares;
}

/** The services that every port serves: health, the dispatches and the operations. */
export function servedServices({ store, feed, health, reads }: ServiceSources): readonly ServedService[] {
  return [
    servedService(HealthDefinition, health.handlers),
    servedService(storedBytesDefinition, dispatchHandlers(store, feed, reads)),
    servedService(OperationsDefinition, operationsHandlers(store, feed, reads)),
  ];
}

/** A service with its handlers, which have the types of its definition. */
export function servedService<Definition extends Service>(
  definition: Definition,
  handlers: Handlers<Definition>,
): ServedService {
  return { definition, handlers: handlers as ServedService['handlers'] };
}
