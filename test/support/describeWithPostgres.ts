import { describeWith } from './describeWith.js';
import { missingPostgres } from './postgres.js';

/** A `describe` of tests that need a PostgreSQL server to be installed ({@link describeWith}). */
export function describeWithPostgres(name: string, tests: () => void): void {
  describeWith(missingPostgres(), name, tests);
}
