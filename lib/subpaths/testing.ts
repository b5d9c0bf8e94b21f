export * from '../registry/contract/index.js';
export * from '../testing/virtual-clock.js';
