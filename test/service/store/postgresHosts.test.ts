import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgresStore } from '../../../src/service/store/sql/postgres/openPostgresStore.js';
import { postgresHosts } from '../../../src/service/store/sql/postgres/postgresHosts.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { creation } from '../../support/dispatchRow.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';

describe('postgresHosts', () => {
  it.each([
    ['one host', 'postgres://me:secret@a:1/db', 'postgres://a:1/db'],
    ['several', 'postgres://me:secret@a:1,b,[::1]:3/db?target_session_attrs=read-write', 'postgres://a:1,b,[::1]:3/db'],
    ['a socket', 'postgres:///db?host=/run/postgresql', 'postgres:///run/postgresql/db'],
  ])('names %s without secrets', (_, url, name) => {
    expect(postgresHosts(url).name).toBe(name);
  });

  const invalid: readonly (readonly [string, string])[] = [
    ['postgres://me:secret@a:1,b:99999/db', 'must be an address such as postgres://'],
    ['postgres://me:secret@a,,b/db', 'has an empty name in its list of hosts'],
    ['postgres://me:secret@a,/db', 'has an empty name in its list of hosts'],
    ['postgres:///db?host=a,b&password=secret', 'must name several hosts before the path'],
    ['postgres://me:secret@a/db?port=1,2', 'must name several hosts before the path'],
    ['postgres://me:secret@a,b/db?host=c', 'must name several hosts before the path'],
    ...['standby', 'read-only', 'prefer-standby', 'readwrite', '', 'primary&target_session_attrs=any'].map(
      state =>
        [`postgres://me:secret@a,b/db?target_session_attrs=${state}`, 'must have one target_session_attrs'] as const,
    ),
  ];
  it.each(invalid)('refuses %s by name', (url, problem) => {
    const refused = expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      field: 'database',
      message: expect.stringMatching(/^database: (?!.*secret)/),
    });
    expect(() => postgresHosts(url)).toThrow(refused);
    expect(() => postgresHosts(url)).toThrow(problem);
  });
});

describeWithPostgres('a store on one of several PostgreSQL servers', () => {
  let primary: TestPostgres;
  let standby: TestPostgres;
  beforeAll(async () => {
    primary = await startPostgres();
    standby = await startPostgres({ standbyOf: primary.port });
  });
  afterAll(async () => {
    await standby[Symbol.asyncDispose]();
    await primary[Symbol.asyncDispose]();
  });

  const at = (ports: readonly number[], rest = '') =>
    `postgres://postgres@${ports.map(port => `127.0.0.1:${port}`).join()}/postgres${rest}`;

  it.each(['', '?target_session_attrs=primary', '?target_session_attrs=read-write'])(
    'finds the primary, wherever it is in the list%s',
    async rest => {
      for (const ports of [
        [primary.port, standby.port],
        [standby.port, primary.port],
        [1, standby.port, primary.port],
      ]) {
        const store = await openPostgresStore(at(ports, rest));
        const before = await store.head(1);
        expect((await store.apply(1, creation())).seq).toBe(before + 1);
        await store.close();
      }
    },
  );

  it('tells of each host why it cannot be used', async () => {
    await expect(openPostgresStore(at([1, standby.port]))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `cannot use ${at([1, standby.port]).replace('postgres@', '')}: connect ECONNREFUSED 127.0.0.1:1; 127.0.0.1:${standby.port} is a standby`,
    });
    const one = at([standby.port], '?target_session_attrs=read-write');
    await expect(openPostgresStore(one)).rejects.toThrow(`127.0.0.1:${standby.port} is a standby`);
  });

  it('asks no other host when one refuses the caller', async () => {
    const stranger = at([primary.port, 1]).replace('postgres@', 'stranger@');
    await expect(openPostgresStore(stranger)).rejects.toThrow(/: role "stranger" does not exist$/);
  });
});
