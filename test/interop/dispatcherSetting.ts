import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { MicrogridClient } from '../../src/client/microgridClient.js';
import type { NewDispatch } from '../../src/client/requests.js';
import type { NewPlace, ServedPlace } from './databases.js';
import { credentials, type ServiceProcess, startService } from './follower.js';
import { fromNow } from './pythonDispatch.js';
import {
  type PythonActorEntry,
  PythonDispatcher,
  type PythonLifecycle,
  type PythonRunningState,
} from './pythonDispatcher.js';

export const hourMs = 3_600_000;

/** A run of ten minutes in an hour. */
export const laterRun = { startTime: new Date(fromNow(hourMs)), durationMs: 600_000 };
/** The same every day. */
export const daily = { ...laterRun, recurrence: { frequency: 'DAILY', interval: 1 } } as const;

/** A service, our client of microgrid 1, and a Python dispatcher that is connected to it and not started. */
export interface DispatcherSetting extends AsyncDisposable {
  readonly place: ServedPlace;
  readonly client: MicrogridClient;
  readonly python: PythonDispatcher;
  /** A test may put another one in its place. */
  service: ServiceProcess;
}

/** Starts a service in a database, and what is connected to it. */
export async function startSetting(newPlace: NewPlace): Promise<DispatcherSetting> {
  const place = await newPlace();
  const service = await startService(place.database);
  const connection = new DispatchClient({ address: service.address, ...credentials });
  const python = new PythonDispatcher();
  const setting: DispatcherSetting = {
    place,
    service,
    client: connection.forMicrogrid(1),
    python,
    async [Symbol.asyncDispose]() {
      connection.close();
      for (const resource of [python, setting.service, place]) await resource[Symbol.asyncDispose]();
    },
  };
  await python.connect({ address: service.address, ...credentials }, 1);
  return setting;
}

/** Creates a dispatch: a run without an end that begins at once, but for what a test says. Returns its id. */
export async function createDispatch(
  by: MicrogridClient,
  type: string,
  dispatch: Partial<NewDispatch> = {},
): Promise<number> {
  return (await by.create({ type, startTime: 'NOW', selector: { ids: [1] }, ...dispatch })).id;
}

/** What an actor is expected to log. */
export function actorEntry(
  actor: number,
  does: PythonActorEntry['does'],
  info: Partial<PythonActorEntry> = {},
): PythonActorEntry {
  return { actor, does, target: { ids: [1] }, dry_run: false, options: {}, ...info };
}

/** A running state in two words. */
export function inWords({ started, dispatch }: PythonRunningState): string {
  return `${dispatch.id} ${started ? 'starts' : 'stops'}`;
}

/** A lifecycle event in two words. */
export function eventInWords({ event, dispatch }: PythonLifecycle): string {
  return `${event} ${dispatch.id}`;
}
