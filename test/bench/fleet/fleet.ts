import { setTimeout as pause } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { missingPostgres } from '../../support/postgres.js';
import { check, positiveInteger, round } from '../figures.js';
import type { Report } from '../report.js';
import { type Fleet, startFleet } from './startFleet.js';

const NAME = 'fleet';
/** How long the streams are watched while nobody writes, as a share of the time for which changes are measured. */
const IDLE_SHARE = 1 / 6;
/** How long writes go on before a service is killed and after all streams are live again, as such a share. */
const AROUND_KILL_SHARE = 1 / 30;
/** Statements that are told of each phase: those that took longest. */
const STATEMENTS = 6;

interface Options {
  readonly microgrids: number;
  readonly dispatches: number;
  readonly streams: number;
  readonly perConnection: number;
  readonly writes: number;
  readonly seconds: number;
  readonly scale: number;
  readonly statements?: true;
}

/**
 * What a fleet costs two services on one PostgreSQL, which waits for the disk at each commit: how soon changes arrive, how much
 * memory and processor time each process takes, and how soon the streams of a service that is killed are live on the other. The services
 * run as `serve` with its usual limits, and calls are signed. In the end it is checked that nothing was lost.
 */
export function fleetBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('changes to the streams of a fleet on two services on PostgreSQL, one of which is killed')
    .option('--microgrids <n>', 'microgrids', positiveInteger, 10_000)
    .option('--dispatches <n>', 'dispatches, of all microgrids together', positiveInteger, 1_000_000)
    .option('--streams <n>', 'streams, each of another microgrid', positiveInteger, 10_000)
    .option('--per-connection <n>', 'streams of a connection', positiveInteger, 50)
    .option('--writes <n>', 'writes a second', positiveInteger, 500)
    .option('--seconds <n>', 'time for which changes are measured', positiveInteger, 60)
    .option('--scale <factor>', 'multiplies microgrids, dispatches, streams and writes', positiveNumber, 1)
    .option('--statements', 'tell what the database was busy with')
    .action(async (options: Options) => {
      const problem = missingPostgres();
      check(problem === null, String(problem));
      await measure(options, report);
    });
}

async function measure({ scale, perConnection, seconds, ...options }: Options, report: Report): Promise<void> {
  const scaled = (count: number) => Math.max(1, Math.round(count * scale));
  const microgrids = scaled(options.microgrids);
  const size = { microgrids, perMicrogrid: Math.max(1, Math.round(scaled(options.dispatches) / microgrids)) };
  const streams = Math.min(scaled(options.streams), microgrids);
  const perSecond = scaled(options.writes);
  await using fleet = await startFleet(size);
  const dispatches = microgrids * size.perMicrogrid;
  const { fillMs, databaseBytes } = fleet.filled;
  const perDispatch = { bytesPerDispatch: Math.round(databaseBytes / dispatches) };
  report(NAME, { phase: 'fill', microgrids, dispatches, fillMs, databaseBytes, ...perDispatch });
  const phases = new Phases(fleet, report, options.statements === true);

  const emptyBytes = await fleet.serviceBytes();
  await phases.play('open', async () => fleet.streams.ask('open', fleet.ports(), streams, perConnection));
  const bytes = (await fleet.serviceBytes()).map((filled, service) => filled - (emptyBytes[service] ?? 0));
  const bytesPerStream = bytes.reduce((sum, each) => sum + each, 0) / streams;
  report(NAME, { phase: 'open', streams, perConnection, kBPerStream: round(bytesPerStream / 1_024) });

  await phases.play('idle', async () => {
    await pause(IDLE_SHARE * seconds * 1_000);
    return { seconds: IDLE_SHARE * seconds };
  });

  await fleet.writes.ask('redirect', fleet.ports());
  await phases.play('writes', async () => {
    await fleet.writes.ask('begin', size, perSecond);
    await pause(seconds * 1_000);
    const written = await fleet.writes.ask('stop');
    return { perSecond, seconds, ...written, ...(await fleet.streams.ask('latencies')) };
  });

  for (const resumes of [true, false]) {
    await phases.play(resumes ? 'killed, streams resumed' : 'killed, dispatches listed', async () => {
      await fleet.writes.ask('begin', size, perSecond);
      await pause(AROUND_KILL_SHARE * seconds * 1_000);
      const killed = await kill(fleet, Math.floor(streams / 2), resumes);
      await pause(AROUND_KILL_SHARE * seconds * 1_000);
      const { writeP99Ms, writeMaxMs, answered, unknown, refused } = await fleet.writes.ask('stop');
      const { changeP99Ms, changeMaxMs } = await fleet.streams.ask('latencies');
      return { ...killed, answered, unknown, refused, writeP99Ms, writeMaxMs, changeP99Ms, changeMaxMs };
    });
    if (resumes) await phases.play('moved to a new service', () => moveBack(fleet, Math.floor(streams / 2)));
  }

  const { received, listed } = await fleet.streams.ask('check', fleet.database, size.perMicrogrid);
  const { written, acknowledged } = await fleet.writes.ask('check', fleet.database, size.perMicrogrid);
  if (streams === microgrids)
    check(received + listed === written, `${received} and ${listed} of ${written} changes came`);
  const bytesPerWrite = Math.round(((await fleet.activity.databaseBytes()) - fleet.filled.databaseBytes) / written);
  report(NAME, { phase: 'check', bytesPerWrite, written, acknowledged, received, listed, lost: 0, repeated: 0 });
}

/** Kills the first service, and waits until its streams are live on the second one. */
async function kill(fleet: Fleet, lost: number, resumes: boolean) {
  const [, other] = fleet.services;
  check(other !== undefined, 'there is one service only');
  await fleet.streams.ask('redirect', 0, other.port, resumes);
  const killedMs = Date.now();
  await fleet.services[0]?.kill();
  const { lastLiveMs, resumed, listed, failedAttempts } = await fleet.streams.ask('whenLiveAgain', lost);
  return { streams: lost, liveMs: Math.round(lastLiveMs - killedMs), resumed, listed, failedAttempts };
}

/** Starts a service in place of the killed one, and moves its streams there. */
async function moveBack(fleet: Fleet, streams: number) {
  const { port } = await fleet.startAgain(0);
  await fleet.streams.ask('redirect', 0, port, true);
  const movedMs = Date.now();
  await fleet.streams.ask('cut', 0);
  const { lastLiveMs, resumed, listed } = await fleet.streams.ask('whenLiveAgain', streams);
  await fleet.writes.ask('redirect', fleet.ports());
  return { streams, liveMs: Math.round(lastLiveMs - movedMs), resumed, listed };
}

/** Plays one phase after the other, and tells what each cost the processes and the database. */
class Phases {
  readonly #fleet: Fleet;
  readonly #report: Report;
  readonly #tellsStatements: boolean;

  constructor(fleet: Fleet, report: Report, tellsStatements: boolean) {
    this.#fleet = fleet;
    this.#report = report;
    this.#tellsStatements = tellsStatements;
  }

  async play(phase: string, act: () => Promise<Readonly<Record<string, number>>>): Promise<void> {
    const { activity } = this.#fleet;
    await activity.reset();
    const stop = this.#fleet.measure();
    const figures = await act();
    const { shares, megabytes } = stop();
    const done = await activity.read();
    this.#report(NAME, { phase, ...rounded(figures), ...done, ...shares, ...megabytes });
    if (!this.#tellsStatements) return;
    for (const statement of await activity.statements(STATEMENTS)) this.#report(NAME, { phase, ...statement });
  }
}

function rounded(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [name, Number.isInteger(figure) ? figure : round(figure)]),
  );
}

function positiveNumber(text: string): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}
