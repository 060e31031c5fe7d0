import { createRequire } from 'node:module';
import type { Meter, MeterProvider } from '@opentelemetry/api';

/** The module `@opentelemetry/api`. */
export type OpenTelemetryApi = typeof import('@opentelemetry/api');

/** Name under which metrics and spans are recorded: their instrumentation scope. */
export const scopeName = 'xstate-dispatch';

const require = createRequire(import.meta.url);

/** Null: it was looked for in vain. */
let loaded: OpenTelemetryApi | null | undefined;
let version: string | undefined;

/**
 * The API of OpenTelemetry; undefined when the program has not installed it.
 *
 * It is loaded when it is first asked for, and by `require`: no bundler takes it for a dependency, and no call waits for it. All copies of the
 * API in a process share what is registered with one of them.
 */
export function openTelemetry(): OpenTelemetryApi | undefined {
  if (loaded === undefined) loaded = required('@opentelemetry/api') ?? null;
  return loaded ?? undefined;
}

/** The meter of this package. */
export function meterOf(provider: MeterProvider): Meter {
  return provider.getMeter(scopeName, packageVersion());
}

/** The version of this package; empty where a bundler has left its manifest behind. */
export function packageVersion(): string {
  version ??= required<{ version: string }>('xstate-dispatch/package.json')?.version ?? '';
  return version;
}

/** Calls what the program has set up, which may throw: that goes to the diagnostic log of OpenTelemetry, and harms nobody else. */
export function harmless<T>(api: OpenTelemetryApi, call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    api.diag.error('a call cannot be traced', error);
    return undefined;
  }
}

function required<T>(name: string): T | undefined {
  try {
    return require(name);
  } catch {
    // Also one that is there and cannot be loaded: nothing but measurements depends on it.
    return undefined;
  }
}
