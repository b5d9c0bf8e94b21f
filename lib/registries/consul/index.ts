export { type ConsulInitialStatus, type ConsulOptions, type ConsulTlsOptions } from './options.js';
export { consul } from './source.js';
export { UnexpectedAnswerError } from './unexpected-answer.error.js';
export { consulFromUrl } from './url.js';
