import { ChannelCredentials, type ChannelOptions, ServerCredentials } from '@grpc/grpc-js';
import { createChannel, createClient } from 'nice-grpc';
import { MicrogridDispatchServiceDefinition } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { HealthDefinition } from '../../proto/gen/grpc/health/v1/health.js';
import { ServerReflectionDefinition } from '../../proto/gen/grpc/reflection/v1/reflection.js';
import { OperationsDefinition } from '../../proto/gen/xstate_dispatch/v1/operations.js';
import { type KeyRing, keyRing } from '../../src/service/access/keyRing.js';
import type { DispatchStore } from '../../src/service/domain/dispatchStore.js';
import { memoryStore } from '../../src/service/store/memory/memoryStore.js';
import { type ServeOptions, serveStore } from './serveStore.js';

/** A store that is served to everybody, with clients of all its services. */
export async function servedStore(store: DispatchStore = memoryStore(), options: ServeOptions = {}) {
  const served = await serveStore(store, options);
  return {
    ...served,
    ...clientsOf(served.port),
    async [Symbol.asyncDispose]() {
      await served.stop({ now: true });
      await store.close();
    },
  };
}

/** Access for who has a key, which sees everything. */
export function withKey(key: string): NonNullable<ServeOptions['access']> {
  return withKeys(keyRing([{ name: 'default', key, secret: undefined, microgrids: 'all' }]));
}

/** Access for who has a key of a ring. */
export function withKeys(keys: KeyRing): NonNullable<ServeOptions['access']> {
  return { keys, credentials: ServerCredentials.createInsecure() };
}

/** Clients of the services at a port of this machine. Those with the same options share a connection. */
export function clientsOf(port: number, options: ChannelOptions = {}) {
  const channel = createChannel(`127.0.0.1:${port}`, ChannelCredentials.createInsecure(), options);
  return {
    channel,
    dispatches: createClient(MicrogridDispatchServiceDefinition, channel),
    health: createClient(HealthDefinition, channel),
    operations: createClient(OperationsDefinition, channel),
    reflection: createClient(ServerReflectionDefinition, channel),
  };
}
