import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The examples import this package by its name: they get its sources. The others are what Vite takes without being told.
  ssr: { resolve: { conditions: ['xstate-dispatch-source', 'module', 'node', 'development|production'] } },
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    globalSetup: ['test/setup/testRun.ts'],
    setupFiles: ['test/setup/testFile.ts'],
    maxWorkers: availableParallelism(),
    // Modules are loaded once for each worker: loading them anew for each file took a third of the run.
    isolate: false,
    // Against tests that never end. No test is about how fast the machine is.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: { provider: 'v8', include: ['src/**', 'machines/**'] },
  },
});
