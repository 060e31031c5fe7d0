import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const root = new URL('..', import.meta.url).pathname;

/**
 * Only `npm run test:long` runs these: they install the package, run a page of commands or a benchmark, repeat a suite on another
 * database or service, break a database or kill processes again and again, open many pages, or play a part of what `npm run faults` plays.
 */
const ALWAYS_LONG = [
  'test/package/**/*.test.ts',
  'test/docs/{operations,httpCommands}.test.ts',
  'test/bench/fleet/fleet.test.ts',
  'test/console/{interruptions,signIn}.test.ts',
  'test/console/plan/{planForm,planOperation}.test.ts',
  'test/examples/react.test.ts',
  'test/web/inChromium.test.ts',
  'test/cli/followWebhooks.test.ts',
  'test/cli/commands/groupKilled.test.ts',
  'test/faults/{dispatchers,dispatchersOfOthers,failedPrimary,killedService,malformedRequests,sharedDatabase}.test.ts',
  'test/client/largePages.test.ts',
  'test/service/operation/{fullDisk,postgresInNeed}.test.ts',
  'test/interop/pythonClient{Restart,InFile,InPostgres,InPgBouncer}.test.ts',
  'test/interop/pythonDispatcherIn{Postgres,PgBouncer}.test.ts',
  'test/interop/pythonDispatcherRestartInPostgres.test.ts',
  'test/interop/macrocosim.test.ts',
  'test/service/store/{pgBouncer,pgBouncerStore,postgresFaults,postgresLanes}.test.ts',
];
/** `npm test` runs some of their cases, `npm run test:long` all. */
const LONG_OR_SAMPLED = [
  'test/console/{manyMicrogrids,timelinePage}.test.ts',
  'test/testing/dispatchModel.test.ts',
  'test/interop/zonedRules.test.ts',
  'test/interop/commandLines.test.ts',
  'test/store/killedHistory.test.ts',
  'test/cli/commands/{exitCodes,simulate}.test.ts',
  'test/planning/groups/sameTime.test.ts',
];

export default defineConfig({
  // Examples import this package by its name and get its sources, as by the paths in tsconfig.json, which Vite applies only to
  // the files that the tsconfig.json includes.
  resolve: {
    alias: [
      { find: /^xstate-dispatch$/, replacement: `${root}src/index.ts` },
      { find: /^xstate-dispatch\/machines$/, replacement: `${root}machines/index.ts` },
      { find: /^xstate-dispatch\/(store|service|testing|web)$/, replacement: `${root}src/$1/index.ts` },
    ],
  },
  test: {
    root,
    include: process.env.TEST_LONG
      ? [...ALWAYS_LONG, ...LONG_OR_SAMPLED]
      : ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: process.env.TEST_LONG ? [] : ALWAYS_LONG,
    env: { NO_COLOR: '1', GRPC_VERBOSITY: 'NONE' },
    globalSetup: ['test/setup/testRun.ts'],
    setupFiles: ['test/setup/testFile.ts'],
    maxWorkers: availableParallelism(),
    // Modules are loaded once for each worker: loading them anew for each file took a third of the run.
    isolate: false,
    // Against tests that never end. No test is about how fast the machine is.
    testTimeout: 120_000,
    slowTestThreshold: 2_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    coverage: { provider: 'v8', include: ['src/**', 'machines/**'] },
  },
});
