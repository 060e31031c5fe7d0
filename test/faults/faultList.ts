import { missingMacrocosim } from '../interop/macrocosim.js';
import { missingPython } from '../interop/python.js';
import { checkSequences } from '../oracle/checkSequences.js';
import type { TestPostgres } from '../support/postgres.js';
import { postgresPlace, type StorePlace, sqlitePlace } from '../support/stores.js';
import { ATTACKS } from './attack/attacks.js';
import { judgedAttacks } from './attack/judgedAttacks.js';
import { ignoreChanges } from './deafPeer.js';
import { disturbDispatchers } from './dispatchers/disturbDispatchers.js';
import { macrocosimPeer, pythonPeer } from './dispatchers/otherServices.js';
import { ownService } from './dispatchers/ownService.js';
import type { Peer } from './dispatchers/peer.js';
import { failPrimary } from './failedPrimary.js';
import { killService } from './killedService.js';
import { sendMalformed } from './malformedRequests.js';
import { failManagedActors } from './managedActors.js';
import { shareDatabase } from './sharedDatabase.js';

/** What a fault is made of, and what came of it; also by kind. */
export type Counts = Readonly<Record<string, number | Readonly<Record<string, Readonly<Record<string, number>>>>>>;

/** A kind of fault. */
export interface Fault {
  readonly name: string;
  /** How often it happens in a full run: kills, failures of a primary, writes, requests, changes, sequences, faults of connections and actors, or seconds. */
  readonly full: number;
  /** The number of pieces that a full run plays it in, each of which takes a minute or two on a machine that is not busy. */
  readonly pieces: number;
  /** Whether it is left out unless it is named: what it judges depends on how busy the machine is. @default false */
  readonly onlyNamed?: boolean;
  /** Whether it mostly waits, so that it is played beside others that do in a tenth of a full run. @default false */
  readonly mostlyWaits?: boolean;
  /** What is missing to play it, or null. @default null */
  readonly missing?: string | null;
  /**
   * @param isFull - whether it is a part of a full run, in which faults may last longer.
   * @throws Error with what is wrong.
   */
  play(amount: number, seed: number, isFull: boolean): Promise<Counts>;
}

/** Dispatchers at the same time: so many that most of them are at rest; services by others have fewer. */
const maxLanes = 80;
const maxLanesOfOthers = 20;

/** How long faults of connections last, in a tenth of a full run and in a full run. */
const times = {
  calmMs: [10_200, 13_000],
  outageMs: [100, 3_000],
  longAnswerMs: [4_000, 6_000],
  stallMs: 4_000,
  delayMs: [50, 300],
  keepAliveMs: 1_000,
} as const;
const fullTimes = { ...times, longAnswerMs: [4_000, 20_000], stallMs: 30_000 } as const;

/** All kinds of faults; some happen on a PostgreSQL server. */
export function faultList(postgres: TestPostgres): Fault[] {
  const onSqlite = <Result>(fault: (place: StorePlace) => Promise<Result>) => onPlace(sqlitePlace(), fault);
  const onPostgres = async <Result>(fault: (place: StorePlace) => Promise<Result>) =>
    onPlace(await postgresPlace(postgres), fault);
  const killed = (kills: number, seed: number) => async (place: StorePlace) => ({
    kills,
    ...(await killService(place, { kills, seed, writers: 8 })),
  });
  const shared = (writes: number, seed: number) => async (place: StorePlace) => ({
    writes,
    ...(await shareDatabase(place, { seed, writes, streams: 20 })),
  });
  const failed = async (failures: number, seed: number, synchronous: boolean) => {
    const sum = { failures, unknown: 0, lost: 0, reopened: 0 };
    for (let count = 0; count < failures; count += 1) {
      const report = await failPrimary({ seed: seed + count, writes: 500, streams: 20, synchronous });
      for (const figure of ['unknown', 'lost', 'reopened'] as const) sum[figure] += report[figure];
    }
    return sum;
  };
  const disturbed =
    (faults: number, seed: number, isFull: boolean, lanes = maxLanes) =>
    async (newPeer: Promise<Peer>) => {
      await using peer = await newPeer;
      return { ...(await disturbDispatchers(peer, { faults, lanes, seed, times: isFull ? fullTimes : times })) };
    };
  return [
    {
      name: 'service killed amid writes, SQLite',
      full: 1_000,
      pieces: 20,
      play: (amount, seed) => onSqlite(killed(amount, seed)),
    },
    {
      name: 'service killed amid writes, PostgreSQL',
      full: 1_000,
      pieces: 20,
      play: (amount, seed) => onPostgres(killed(amount, seed)),
    },
    {
      name: 'two services on one PostgreSQL',
      full: 5_000,
      pieces: 1,
      play: (amount, seed) => onPostgres(shared(amount, seed)),
    },
    {
      name: 'primary that fails, synchronous standby',
      full: 30,
      pieces: 5,
      play: (amount, seed) => failed(amount, seed, true),
    },
    {
      name: 'primary that fails, standby that lags',
      full: 30,
      pieces: 5,
      play: (amount, seed) => failed(amount, seed, false),
    },
    {
      name: 'malformed requests, SQLite',
      full: 100_000,
      pieces: 10,
      play: (amount, seed) => onSqlite(malformed(amount, seed)),
    },
    {
      name: 'malformed requests, PostgreSQL',
      full: 20_000,
      pieces: 2,
      play: (amount, seed) => onPostgres(malformed(amount, seed)),
    },
    {
      name: 'peer that does not read',
      full: 100_000,
      pieces: 1,
      play: amount => onSqlite(async place => ({ ...(await ignoreChanges(place, amount)) })),
    },
    {
      name: 'connections of dispatchers, SQLite',
      mostlyWaits: true,
      full: 800,
      pieces: 1,
      play: (amount, seed, isFull) => onSqlite(({ database }) => disturbed(amount, seed, isFull)(ownService(database))),
    },
    {
      name: 'connections of dispatchers, PostgreSQL',
      mostlyWaits: true,
      full: 800,
      pieces: 1,
      play: (amount, seed, isFull) =>
        onPostgres(({ database }) => disturbed(amount, seed, isFull)(ownService(database))),
    },
    {
      name: 'connections of dispatchers, Python service',
      mostlyWaits: true,
      full: 200,
      pieces: 1,
      missing: missingPython(),
      play: (amount, seed, isFull) => disturbed(amount, seed, isFull, maxLanesOfOthers)(pythonPeer()),
    },
    {
      name: 'connections of dispatchers, macrocosim',
      mostlyWaits: true,
      full: 200,
      pieces: 1,
      missing: missingMacrocosim(),
      play: (amount, seed, isFull) =>
        disturbed(amount, seed, isFull, maxLanesOfOthers)(macrocosimPeer(maxLanesOfOthers)),
    },
    ...Object.keys(ATTACKS).map(attack => ({
      name: `attack: ${attack}`,
      onlyNamed: true,
      full: 30,
      pieces: 1,
      play: (seconds: number, seed: number, isFull: boolean) =>
        onSqlite(place => judgedAttacks(place, { attack, seconds, seed }, isFull)),
    })),
    {
      name: 'managed actors',
      full: 5_000,
      pieces: 1,
      play: async (faults, seed) => ({ ...(await failManagedActors({ faults, seed })) }),
    },
    {
      name: 'any sequence, beside the oracle',
      full: 50_000,
      pieces: 10,
      async play(amount, seed) {
        await checkSequences({ seed, sequences: amount });
        return { sequences: amount };
      },
    },
  ];
}

async function onPlace<Result>(newPlace: StorePlace, fault: (place: StorePlace) => Promise<Result>): Promise<Result> {
  await using place = newPlace;
  return await fault(place);
}

/** Sends malformed requests; on stderr, because it is much, tells how they were answered. */
function malformed(requests: number, seed: number): (place: StorePlace) => Promise<Counts> {
  return async place => {
    const { outcomes, usedBytes, residentBytes, ...counts } = await sendMalformed(place, { requests, seed });
    for (const [outcome, count] of [...outcomes].sort()) console.error(`        ${count} ${outcome}`);
    const toKb = (bytes: number) => Math.round(bytes / 1000);
    return {
      requests,
      ...counts,
      usedKbBefore: toKb(usedBytes.before),
      usedKbAfter: toKb(usedBytes.after),
      residentKbBefore: toKb(residentBytes.before),
      residentKbAfter: toKb(residentBytes.after),
    };
  };
}
