export * from './kernel/errors/index.js';
