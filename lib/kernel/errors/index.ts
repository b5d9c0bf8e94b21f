export * from './closed.error.js';
export * from './deadline-exceeded.error.js';
export * from './invalid-option.error.js';
export * from './missing-peer.error.js';
export * from './registry-refused.error.js';
export * from './registry-unavailable.error.js';
export * from './sidekick.error.js';
export * from './tls.error.js';
