import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { checkData, storedRow } from '../../../src/service/domain/checkData.js';
import type { DispatchRow } from '../../../src/service/domain/dispatchStore.js';
import { openStore } from '../../../src/service/store/openStore.js';
import { NEVER } from '../../../src/service/store/sql/schema.js';
import { dispatchDataOf } from '../dispatchData.js';

/** The microgrids of a fleet, numbered from 1, and the dispatches that each has from the beginning. */
export interface FleetSize {
  readonly microgrids: number;
  readonly perMicrogrid: number;
}

const ROWS_AT_ONCE = 500;

/** The dispatch of a microgrid with this index, from 0. */
export function dispatchIdOf(microgridId: number, index: number, { perMicrogrid }: FleetSize): number {
  return (microgridId - 1) * perMicrogrid + index + 1;
}

/** Fills an empty database with dispatches, as services would have stored them, with the change log of their creation. */
export async function fillDatabase(database: string, size: FleetSize): Promise<void> {
  // Makes the tables.
  await (await openStore(database)).close();
  const dispatches = await connect(database);
  const targets = await connect(database);
  try {
    const intoDispatches = dispatches.query(
      copyFrom(`copy dispatch (id, microgrid_id, type, start_s, end_s, active, dry_run, recurring, create_us, update_us,
        message) from stdin`),
    );
    const intoTargets = targets.query(copyFrom('copy dispatch_target (microgrid_id, key, dispatch_id) from stdin'));
    const targetsDone = once(intoTargets, 'finish');
    await pipeline(
      Readable.from(
        texts(size, async lines => {
          if (!intoTargets.write(lines)) await once(intoTargets, 'drain');
        }),
      ),
      intoDispatches,
    );
    intoTargets.end();
    await targetsDone;
    await dispatches.query(`
      insert into microgrid (id, seq, last_us)
        select microgrid_id, count(*), max(update_us) from dispatch group by microgrid_id;
      insert into dispatch_change (microgrid_id, seq, dispatch_id, kind, at_us, message)
        select microgrid_id, row_number() over (partition by microgrid_id order by id), id, 'created', update_us, message
        from dispatch;
      select setval('dispatch_id', (select max(id) from dispatch));`);
    // PostgreSQL does so by itself, but some time later, while others are measured.
    await dispatches.query('vacuum analyze');
    await dispatches.query('checkpoint');
  } finally {
    await Promise.all([dispatches.end(), targets.end()]);
  }
}

async function connect(database: string): Promise<pg.Client> {
  const client = new pg.Client(database);
  await client.connect();
  return client;
}

/** The lines of all dispatches; those of their targets are given away. */
async function* texts(size: FleetSize, writeTargets: (lines: string) => Promise<void>): AsyncGenerator<string> {
  const { microgrids, perMicrogrid } = size;
  const nowMs = Date.now();
  const firstUs = (nowMs - 3_600_000) * 1_000;
  let lines: string[] = [];
  let targetLines: string[] = [];
  for (let microgridId = 1; microgridId <= microgrids; microgridId += 1) {
    for (let index = 0; index < perMicrogrid; index += 1) {
      const id = dispatchIdOf(microgridId, index, size);
      // Within a microgrid no two changes are of the same time.
      const atUs = firstUs + index;
      const data = checkData(dispatchDataOf(id, Math.floor(nowMs / 1_000)), 'data', { nowS: null });
      const row = storedRow({ id, createUs: atUs, updateUs: atUs }, data);
      lines.push(dispatchLine(microgridId, row));
      for (const key of row.targetKeys) targetLines.push(`${microgridId}\t${key}\t${id}\n`);
      if (lines.length < ROWS_AT_ONCE) continue;
      await writeTargets(targetLines.join(''));
      yield lines.join('');
      lines = [];
      targetLines = [];
    }
  }
  await writeTargets(targetLines.join(''));
  yield lines.join('');
}

function dispatchLine(microgridId: number, row: DispatchRow): string {
  const { id, type, startS, endS, active, dryRun, recurring, createUs, updateUs, message } = row;
  const flags = [active, dryRun, recurring].map(Number);
  const bytes = `\\\\x${Buffer.from(message).toString('hex')}`;
  return `${[id, microgridId, type, startS, endS ?? NEVER, ...flags, createUs, updateUs, bytes].join('\t')}\n`;
}
