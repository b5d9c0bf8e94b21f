export * from './kernel/errors/index.js';
export { fixed, type FixedInstance, type FixedServices } from './registry/fixed/fixed.js';
export { memory, type MemoryOptions, type MemorySource } from './registry/memory/memory.js';
export { type MemoryStore } from './registry/memory/store.js';
