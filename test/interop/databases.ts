import { afterAll, beforeAll } from 'vitest';
import { describeWith } from '../support/describeWith.js';
import { missingPgBouncer, startPgBouncer, type TestPgBouncer } from '../support/pgBouncer.js';
import { missingPostgres, startPostgres, type TestPostgres } from '../support/postgres.js';
import { postgresPlace, type StorePlace, sqlitePlace } from '../support/stores.js';
import { describeWithPython } from './describeWithPython.js';
import { missingPython } from './python.js';

/** Where `dispatch serve` keeps dispatches: an empty database. */
export type ServedPlace = Pick<StorePlace, 'database' | typeof Symbol.asyncDispose>;

/** Makes a place of a test's own. */
export type NewPlace = () => Promise<ServedPlace> | ServedPlace;

/** A `describe` of tests of a Python program and a service that keeps dispatches in memory. */
export function describeInMemory(name: string, tests: (newPlace: NewPlace) => void): void {
  const newPlace = () => ({ database: ':memory:', async [Symbol.asyncDispose]() {} });
  describeWithPython(`${name} in memory`, () => tests(newPlace));
}

/** A `describe` of tests of a Python program and a service that keeps dispatches in a file. */
export function describeInFile(name: string, tests: (newPlace: NewPlace) => void): void {
  describeWithPython(`${name} in a file`, () => tests(sqlitePlace));
}

/** A `describe` of tests of a Python program and a service that keeps dispatches in PostgreSQL. */
export function describeInPostgres(name: string, tests: (newPlace: NewPlace) => void): void {
  describeWith(missingPython() ?? missingPostgres(), `${name} in PostgreSQL`, () => {
    let postgres: TestPostgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres?.[Symbol.asyncDispose]());
    tests(() => postgresPlace(postgres));
  });
}

/** The same behind PgBouncer. */
export function describeInPgBouncer(name: string, tests: (newPlace: NewPlace) => void): void {
  describeWith(missingPython() ?? missingPgBouncer(), `${name} in PostgreSQL behind PgBouncer`, () => {
    let postgres: TestPostgres;
    let pooler: TestPgBouncer;
    beforeAll(async () => {
      postgres = await startPostgres();
      pooler = await startPgBouncer(postgres);
    });
    afterAll(async () => {
      await pooler?.[Symbol.asyncDispose]();
      await postgres?.[Symbol.asyncDispose]();
    });
    tests(() => postgresPlace(postgres, pooler.through));
  });
}
