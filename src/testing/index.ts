/** @module xstate-dispatch/testing */

export type { DispatchArbitraryFields } from './dispatchArbitrary.js';
export { dispatchArbitrary } from './dispatchArbitrary.js';
export type { DispatchModel, DispatchModelContext, DispatchModelEvent } from './dispatchModel.js';
export { dispatchModel } from './dispatchModel.js';
export type { DispatchModelRunner, DispatchModelRunnerOptions } from './dispatchModelRunner.js';
export { dispatchModelRunner } from './dispatchModelRunner.js';
export { dispatchRecord } from './dispatchRecord.js';
export type { MemoryTransport, MemoryTransportOptions } from './memoryTransport.js';
export { memoryTransport } from './memoryTransport.js';
export type { NotificationRecorder, NotifyingActor, RecordedNotification } from './recordNotifications.js';
export { recordNotifications } from './recordNotifications.js';
export type { RuleArbitraryOptions } from './ruleArbitrary.js';
export { ruleArbitrary } from './ruleArbitrary.js';
export type { SimulatedClock, SimulatedClockOptions, XStateClock } from './simulatedClock.js';
export { simulatedClock } from './simulatedClock.js';
export type { TestService, TestServiceOptions } from './startTestService.js';
export { startTestService } from './startTestService.js';
