export { type Fault, FaultyRegistry, type RequestKind } from '../testing/faulty-registry.js';
export { systemClock } from '../kernel/clock.js';
export * from '../registry/contract/index.js';
export * from '../testing/virtual-clock.js';
