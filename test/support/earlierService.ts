import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';

/** What the version of 24 November 2026 does with a PostgreSQL database, in its statements. */
export interface EarlierService extends AsyncDisposable {
  /** Creates a dispatch and tells the other services; returns its id. */
  create(microgridId: number): Promise<number>;
  /** What it reads of a change log after an entry, to send it to its streams. */
  changes(microgridId: number, afterSeq: number): Promise<readonly { readonly seq: number; readonly id: number }[]>;
  /** The microgrids that it was told of, by other services. */
  readonly told: ReadonlySet<number>;
}

/** Restores a database that this version has written: microgrid 1 with the dispatches 1 and 2 and five changes, and microgrid 2. */
export async function restoreEarlier(database: string): Promise<void> {
  const dump = gunzipSync(readFileSync(resolve('test/vectors/formats/0.1.0-postgres/service.sql.gz')));
  const client = new pg.Client(database);
  await client.connect();
  await client.query(dump.toString());
  await client.end();
}

/** Starts it on a database with its schema. */
export async function earlierService(database: string): Promise<EarlierService> {
  const [writing, listening] = [new pg.Client(database), new pg.Client(database)];
  await Promise.all([writing.connect(), listening.connect()]);
  const told = new Set<number>();
  listening.on('notification', ({ payload = '' }) => {
    const [sender, ids = '*'] = payload.split(' ');
    if (sender !== 'earlier' && ids !== '*') for (const id of ids.split(',')) told.add(Number(id));
  });
  await listening.query('listen dispatch_change');

  async function inTransaction(microgridId: number): Promise<number> {
    const { rows } = await writing.query(
      `insert into microgrid (id, seq, last_us) values ($1, 0, 0)
       on conflict (id) do update set seq = microgrid.seq
       returning seq, last_us, (extract(epoch from clock_timestamp()) * 1000000)::bigint as now_us`,
      [microgridId],
    );
    const [microgrid] = rows.map(row => ({ seq: Number(row.seq), last: Number(row.last_us), now: Number(row.now_us) }));
    if (microgrid === undefined) throw new Error('the database gave no lock');
    const [seq, atUs] = [microgrid.seq + 1, Math.max(microgrid.now, microgrid.last + 1)];
    const ids = await writing.query(`select nextval('dispatch_id') as id`);
    const id = Number(ids.rows[0].id);
    const message = Buffer.of(id % 256);
    await writing.query(
      `insert into dispatch_change (microgrid_id, seq, dispatch_id, kind, at_us, message)
       values ($1, $2, $3, 'created', $4, $5)`,
      [microgridId, seq, id, atUs, message],
    );
    await writing.query(`insert into dispatch values ($1, $2, 'T', 0, 1, 1, 0, 0, $3, $3, $4)`, [
      id,
      microgridId,
      atUs,
      message,
    ]);
    await writing.query(`insert into dispatch_target values ($1, 'i:1', $2)`, [microgridId, id]);
    await writing.query(
      `insert into microgrid (id, seq, last_us) values ($1, $2, $3)
       on conflict (id) do update set seq = excluded.seq, last_us = excluded.last_us`,
      [microgridId, seq, atUs],
    );
    await writing.query(`select pg_notify('dispatch_change', $1)`, [`earlier ${microgridId}`]);
    return id;
  }

  return {
    told,
    async create(microgridId) {
      await writing.query('start transaction isolation level read committed');
      const id = await inTransaction(microgridId);
      await writing.query('commit');
      return id;
    },
    async changes(microgridId, afterSeq) {
      const { rows } = await listening.query(
        `select seq, dispatch_id from dispatch_change where microgrid_id = $1 and seq > $2
         and seq <= (select seq from microgrid where id = $1) order by seq`,
        [microgridId, afterSeq],
      );
      return rows.map(row => ({ seq: Number(row.seq), id: Number(row.dispatch_id) }));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([writing.end(), listening.end()]);
    },
  };
}
