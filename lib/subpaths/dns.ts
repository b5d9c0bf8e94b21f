export { dns } from '../registry/dns/dns.js';
export { type DnsOptions } from '../registry/dns/options.js';
