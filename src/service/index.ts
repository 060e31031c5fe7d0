/** @module xstate-dispatch/service */

export { type Logger, silentLogger } from '../logger.js';
export type { CallLimits } from './access/callLimits.js';
export type { ServiceTlsOptions } from './access/serverTls.js';
export {
  type DispatchService,
  type DispatchServiceOptions,
  startDispatchService,
  type WebOptions,
} from './startDispatchService.js';
export type { StopOptions } from './stopOptions.js';
