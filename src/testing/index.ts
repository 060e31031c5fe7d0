export type { DispatchArbitraryFields } from './dispatchArbitrary.js';
export { dispatchArbitrary } from './dispatchArbitrary.js';
export type { MemoryTransport } from './memoryTransport.js';
export { memoryTransport } from './memoryTransport.js';
export type { RuleArbitraryOptions } from './ruleArbitrary.js';
export { ruleArbitrary } from './ruleArbitrary.js';
export type { SimulatedClock } from './simulatedClock.js';
export { simulatedClock } from './simulatedClock.js';
