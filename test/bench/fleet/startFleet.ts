import { type ResourceStack, resourceStack } from '../../../src/service/operation/resourceStack.js';
import { keysFile } from '../../support/keysFile.js';
import { startPostgres } from '../../support/postgres.js';
import { type AskedProcess, startAsked } from '../askedProcess.js';
import { ACTIVITY_SETTINGS, type ActivityWatch, watchActivity } from './databaseActivity.js';
import { type FleetSize, fillDatabase } from './fillDatabase.js';
import { fleetKeys } from './fleetKeys.js';
import { type FleetService, startFleetService } from './fleetService.js';
import { memoryOf, processorShares, processorTimes } from './processUse.js';
import type { StreamsTasks } from './streamsProcess.js';
import type { WritesTasks } from './writesProcess.js';

/** As an operator would set them for a database of a gigabyte. */
const SETTINGS = ['shared_buffers=1GB', 'max_wal_size=4GB', ...ACTIVITY_SETTINGS];
const SERVICES = 2;
const MEGABYTE = 1_024 * 1_024;

/** A database with dispatches, services on it, and the processes of those who call them. */
export interface Fleet extends AsyncDisposable {
  readonly database: string;
  readonly filled: { readonly fillMs: number; readonly databaseBytes: number };
  readonly activity: ActivityWatch;
  readonly services: readonly FleetService[];
  readonly streams: AskedProcess<StreamsTasks>;
  readonly writes: AskedProcess<WritesTasks>;
  ports(): number[];
  /** Starts a service in place of one that was killed. */
  startAgain(service: number): Promise<FleetService>;
  /** The memory of the services in bytes, without garbage. */
  serviceBytes(): Promise<number[]>;
  /** Begins to measure; the returned function tells the shares of a core that the processes used, and the memory that they have now. */
  measure(): () => { shares: Record<string, number | null>; megabytes: Record<string, number | null> };
}

/** Starts a fleet. */
export async function startFleet(size: FleetSize): Promise<Fleet> {
  const opened = resourceStack();
  try {
    return await openFleet(size, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openFleet(size: FleetSize, opened: ResourceStack): Promise<Fleet> {
  const keys = keysFile(fleetKeys(size.microgrids));
  opened.defer('the keys', () => keys[Symbol.dispose]());
  const closeLater = <Opened extends AsyncDisposable>(name: string, resource: Opened): Opened => {
    opened.defer(name, () => resource[Symbol.asyncDispose]());
    return resource;
  };
  const postgres = closeLater('PostgreSQL', await startPostgres({ fsync: true, settings: SETTINGS }));
  const database = await postgres.createDatabase();
  const startMs = performance.now();
  await fillDatabase(database, size);
  const fillMs = Math.round(performance.now() - startMs);
  const activity = await watchActivity(database);
  opened.defer('the watch of the database', () => activity.close());
  const databaseBytes = await activity.databaseBytes();
  const start = async () =>
    closeLater('a service', await startFleetService({ database, keys: keys.path, folder: keys.folder }));
  const services: FleetService[] = [];
  while (services.length < SERVICES) services.push(await start());
  const streams = closeLater('the streams', startAsked<StreamsTasks>(new URL('streamsProcess.js', import.meta.url)));
  const writes = closeLater('the writes', startAsked<WritesTasks>(new URL('writesProcess.js', import.meta.url)));

  function pids(): Record<string, number> {
    const ofServices = services.map(({ pid }, index) => [`service${index + 1}`, pid]);
    return {
      ...Object.fromEntries(ofServices),
      database: postgres.pid ?? 0,
      streams: streams.pid,
      writes: writes.pid,
    };
  }

  return {
    database,
    filled: { fillMs, databaseBytes },
    activity,
    services,
    streams,
    writes,
    ports: () => services.map(({ port }) => port),
    async startAgain(service) {
      const started = await start();
      services[service] = started;
      return started;
    },
    serviceBytes: () => Promise.all(services.map(service => service.memory())),
    measure() {
      const measured = pids();
      const [before, beganMs] = [processorTimes(measured), performance.now()];
      return () => {
        const shares = processorShares(before, processorTimes(measured), performance.now() - beganMs);
        const megabytes = Object.entries(measured).map(([name, pid]) => [`${name}MB`, inMegabytes(memoryOf(pid))]);
        const cpu = Object.entries(shares).map(([name, share]) => [
          `${name}Cpu`,
          share === null ? null : Number(share.toFixed(3)),
        ]);
        return { shares: Object.fromEntries(cpu), megabytes: Object.fromEntries(megabytes) };
      };
    },
    [Symbol.asyncDispose]: () => opened.close(),
  };
}

function inMegabytes(bytes: number | null): number | null {
  return bytes === null ? null : Math.round(bytes / MEGABYTE);
}
