// For `node --import`: a process in which no package of OpenTelemetry is installed.
import Module, { register } from 'node:module';

declare global {
  /** The packages that the process has required in vain. */
  var missedPackages: string[];
}

globalThis.missedPackages = [];
const hooks = `export function resolve(name, context, next) {
  if (!name.startsWith('@opentelemetry/')) return next(name, context);
  throw Object.assign(new Error("Cannot find package '" + name + "' imported from here"), { code: 'ERR_MODULE_NOT_FOUND' });
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

/** What Node.js does not document. */
const loader = Module as unknown as { _resolveFilename: (name: string, ...rest: unknown[]) => string };
const resolve = loader._resolveFilename;
loader._resolveFilename = (name, ...rest) => {
  if (!name.startsWith('@opentelemetry/')) return resolve.call(Module, name, ...rest);
  globalThis.missedPackages.push(name);
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
};
