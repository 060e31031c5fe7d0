import { type CallContext, createServer, ServerError, Status } from 'nice-grpc';
import type { ServerMiddleware } from 'nice-grpc-common';
import { errorDetailsServerMiddleware } from 'nice-grpc-error-details';
import {
  MicrogridDispatchServiceDefinition,
  type MicrogridDispatchServiceImplementation,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';

/** An attempt at a call, as it reached the service. */
export interface SeenAttempt {
  /** Such as `CreateMicrogridDispatch`. */
  readonly method: string;
  readonly metadata: CallContext['metadata'];
}

/** A real service that answers as a test says. */
export interface ScriptedService extends AsyncDisposable {
  readonly port: number;
  readonly address: string;
  /** All attempts that reached it, in order. */
  readonly seen: readonly SeenAttempt[];
  /** The values of one metadata of all attempts, in order. */
  sent(name: string): unknown[];
}

/** Starts a service on loopback, by default on a free port. What the script leaves out is UNIMPLEMENTED. */
export async function scriptedService(
  script: Partial<MicrogridDispatchServiceImplementation>,
  listenPort = 0,
  host = '127.0.0.1',
): Promise<ScriptedService> {
  const seen: SeenAttempt[] = [];
  const note: ServerMiddleware = async function* note(call, context) {
    seen.push({ method: call.method.path.split('/').at(-1) ?? '', metadata: context.metadata });
    return yield* call.next(call.request, context);
  };
  const missing = async () => {
    throw new ServerError(Status.UNIMPLEMENTED, 'not scripted');
  };
  const missingStream = async function* () {
    yield await missing();
  };
  const calls = Object.entries(MicrogridDispatchServiceDefinition.methods).map(([name, { responseStream }]) => [
    name,
    responseStream ? missingStream : missing,
  ]);
  const server = createServer().use(errorDetailsServerMiddleware).use(note);
  server.add(MicrogridDispatchServiceDefinition, { ...Object.fromEntries(calls), ...script });
  const port = await server.listen(`${host}:${listenPort}`);
  return {
    port,
    address: `grpc://${host}:${port}?ssl=false`,
    seen,
    sent: name => seen.map(({ metadata }) => metadata.get(name)),
    async [Symbol.asyncDispose]() {
      await server.forceShutdown();
    },
  };
}

/** Fails with these one after the other, then no more. */
export function failing(...statuses: Status[]): () => void {
  const left = [...statuses];
  return () => {
    const status = left.shift();
    if (status !== undefined) throw new ServerError(status, 'as the test says');
  };
}
