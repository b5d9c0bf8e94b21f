export { dns } from './dns.js';
export { type DnsOptions } from './options.js';
