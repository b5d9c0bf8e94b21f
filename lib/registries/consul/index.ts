export { consul } from './consul.js';
export { type ConsulInitialStatus, type ConsulOptions, type ConsulTlsOptions } from './options.js';
export { UnexpectedAnswerError } from './unexpected-answer.error.js';
