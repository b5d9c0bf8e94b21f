export { type Fault, FaultyRegistry, type RequestKind } from './faulty-registry.js';
export { systemClock } from '../common/clock.js';
export * from '../registry/contract/index.js';
export * from './virtual-clock.js';
