import { lookup } from './lookup.js';
import { readDnsOptions } from './options.js';
import { type DnsResolver } from './resolver.js';

const none = () => Promise.reject(Object.assign(new Error('none'), { code: 'ENODATA' }));

describe('lookup', () => {
  it('reports an address with which a DNS filter blocks a name as malformed', async () => {
    const resolver: DnsResolver = {
      resolveSrv: none,
      resolve4: () => Promise.resolve(['0.0.0.0', '10.0.0.1'].map((address) => ({ address, ttl: 60 }))),
      resolve6: () => Promise.resolve([{ address: '::', ttl: 60 }]),
      cancel: () => undefined,
    };
    const settings = readDnsOptions({ domain: 'example.org', port: 80 });
    const { instances, malformed } = await lookup(resolver, settings, 'web');
    expect(instances.map(({ id }) => id)).toEqual(['10.0.0.1:80']);
    expect(malformed.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('got 0.0.0.0, with which a DNS filter blocks'),
      expect.stringContaining('got ::, with which a DNS filter blocks'),
    ]);
  });
});
