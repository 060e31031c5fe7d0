export { type ServiceLogger, silentLogger, type WriteLog } from './serviceLogger.js';
export { type DispatchService, type DispatchServiceOptions, startDispatchService } from './startDispatchService.js';
