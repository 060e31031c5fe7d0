import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { it } from 'vitest';
import { describeWith } from '../../support/describeWith.js';
import { expectOutage } from '../../support/outage.js';
import { missingPostgres, newPostgresFolder, startPostgres } from '../../support/postgres.js';
import { missingSmallDisk, smallDisk } from '../../support/smallDisk.js';

describeWith(missingPostgres() ?? missingSmallDisk(), 'a service whose disk is full', () => {
  // At the same time: most of the time they wait until it is noticed.
  it.concurrent('with its file goes on once there is room', async () => {
    using disk = smallDisk(8);
    await expectOutage(join(disk.path, 'dispatches.db'), { begin: disk.fill, end: disk.free, reason: /full|I\/O/ });
  });

  it.concurrent('with that of PostgreSQL goes on once there is room', async () => {
    using disk = smallDisk(40);
    await using postgres = await startPostgres();
    const { uid, gid } = newPostgresFolder().user;
    const folder = join(disk.path, 'tables');
    mkdirSync(folder);
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    const database = await postgres.createDatabase();
    const client = new pg.Client({ host: '127.0.0.1', port: postgres.port, user: 'postgres', database: 'postgres' });
    await client.connect();
    await client.query(`create tablespace small location '${folder}'`);
    await client.query(`alter database ${new URL(database).pathname.slice(1)} set tablespace small`);
    await client.end();
    await expectOutage(database, { begin: disk.fill, end: disk.free, reason: /No space left on device/ });
  });
});
