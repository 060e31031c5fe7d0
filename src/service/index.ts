export { type Logger, silentLogger } from '../logger.js';
export { type DispatchService, type DispatchServiceOptions, startDispatchService } from './startDispatchService.js';
