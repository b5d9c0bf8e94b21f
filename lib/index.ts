export * from './kernel/errors/index.js';
export { memory, type MemoryOptions, type MemorySource } from './registry/memory/memory.js';
