import { CreateMicrogridDispatchRequest } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { CallsOptions } from '../../src/client/serviceReader.js';
import type { DispatcherSettings } from '../../src/dispatcher/dispatcherOptions.js';
import type { MicrogridDispatcher } from '../../src/dispatcher/microgridDispatcher.js';
import { silentLogger } from '../../src/logger.js';
import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchStore } from '../../src/service/domain/dispatchStore.js';
import { createWrite } from '../../src/service/domain/dispatchWrites.js';
import type { RunningService } from '../../src/service/runService.js';
import type { StopOptions } from '../../src/service/stopOptions.js';
import { dispatchData } from './rawService.js';
import { serveStore } from './serveStore.js';
import { overGrpc, type Way } from './ways.js';

/** A service at one address that a test takes away and brings back, with the same store or another one. */
export interface ResumableService extends AsyncDisposable {
  readonly address: string;
  /** Number of first pages of lists that it was asked for. */
  readonly lists: number;
  /** Ends the service; by default at once, with its connections. */
  takeAway(options?: StopOptions): Promise<void>;
  bringBack(store: DispatchStore): Promise<void>;
}

export async function resumableService(first: DispatchStore): Promise<ResumableService> {
  let lists = 0;
  let served: RunningService | null = null;
  const serve = async (store: DispatchStore, listen: string) => {
    const list: DispatchStore['list'] = (microgridId, query, place, ...rest) => {
      if (place === null) lists += 1;
      return store.list(microgridId, query, place, ...rest);
    };
    served = await serveStore({ ...store, list }, { listen });
    return served.port;
  };
  const port = await serve(first, '127.0.0.1:0');
  const takeAway = async (options: StopOptions = { now: true }) => {
    await served?.stop(options);
    served = null;
  };
  return {
    address: `grpc://127.0.0.1:${port}?ssl=false`,
    get lists() {
      return lists;
    },
    takeAway,
    bringBack: async store => {
      await serve(store, `127.0.0.1:${port}`);
    },
    [Symbol.asyncDispose]: () => takeAway(),
  };
}

/** Creates dispatches in a store as the service does, behind the back of its streams. */
export async function createIn(store: DispatchStore, count: number, type = 'TEST'): Promise<number[]> {
  const request = CreateMicrogridDispatchRequest.fromPartial({ microgridId: 1n, dispatchData: dispatchData({ type }) });
  const applied = await Promise.all(Array.from({ length: count }, () => store.apply(1, createWrite(request))));
  return applied.map(({ dispatch }) => dispatch?.id ?? 0);
}

/** A dispatcher of microgrid 1, and what it said. @param way the way to its place, over gRPC unless it is told. */
export async function followOver(
  place: string,
  options: Partial<DispatcherSettings & CallsOptions> = {},
  way: Way = overGrpc,
) {
  const settings = { microgridId: 1, logger: silentLogger, ...options } as DispatcherSettings & CallsOptions;
  const dispatcher = way.dispatcher(place, settings);
  const said: string[] = [];
  const problems: DispatchError[] = [];
  dispatcher.on('lifecycle', ({ type, dispatch }) => said.push(`${dispatch.id} ${type}`));
  dispatcher.on('problem', problem => problems.push(problem));
  await dispatcher.start();
  return {
    dispatcher,
    problems,
    /** What it said of dispatches since the last call. */
    said: () => said.splice(0),
    /** Resolves when it becomes live the next time. */
    nextLive: () =>
      new Promise<void>(resolve => {
        const undo = dispatcher.on('sync', ({ state }) => {
          if (state !== 'live') return;
          undo();
          resolve();
        });
      }),
    [Symbol.asyncDispose]: () => dispatcher.stop(),
  };
}

/** What a service has in a microgrid, by id. */
export async function truth(address: string, microgridId = 1): Promise<Map<number, object>> {
  await using client = new DispatchClient({ address });
  const all = new Map<number, object>();
  for await (const dispatch of client.list({ microgridId, pageSize: 1_000 })) all.set(dispatch.id, dispatch.toJSON());
  return all;
}

/** What a dispatcher has, by id. */
export function held(dispatcher: MicrogridDispatcher): Map<number, object> {
  return new Map([...dispatcher.dispatches].map(([id, dispatch]) => [id, dispatch.toJSON()]));
}
