import { completeInstance, type PartialInstance } from '../registry/instance.js';
import { AddressPolicy } from './address-policy.js';

function at(address: string, more: Partial<PartialInstance> = {}) {
  return completeInstance({ service: 'web', id: 'a', address, port: 80, ...more });
}

describe('AddressPolicy', () => {
  it('allows any address and hostname without ranges', () => {
    const policy = new AddressPolicy();
    for (const address of ['10.0.0.1', 'fd00::1', 'web.internal', 'localhost'])
      expect(policy.refusal(at(address))).toBeUndefined();
  });

  it.each(['', '10.0.0', '10.0.0.1:80', 'http://web', 'a b', 'x'.repeat(300)])('refuses %j', (address) => {
    expect(new AddressPolicy().refusal(at(address))).toMatch(/^Expected its address to be an IP address/);
  });

  it.each([0, -1, 1.5, 65_536, NaN])('refuses port %d, as main port and as named port', (port) => {
    const policy = new AddressPolicy();
    expect(policy.refusal(at('10.0.0.1', { port }))).toMatch(/^Expected its port/);
    expect(policy.refusal(at('10.0.0.1', { ports: { grpc: port } }))).toMatch(/^Expected its port/);
  });

  it('refuses addresses outside the allowed ranges, and hostnames', () => {
    const policy = new AddressPolicy(['10.0.0.0/8', 'fd00::/8', '192.168.1.7']);
    for (const address of ['10.255.0.1', 'fd12::1', '192.168.1.7'])
      expect(policy.refusal(at(address))).toBeUndefined();
    for (const address of ['11.0.0.1', 'fe80::1', '192.168.1.8', '169.254.169.254', 'web.internal'])
      expect(policy.refusal(at(address))).toMatch(/is not in the allowed 10\.0\.0\.0\/8, fd00::\/8/);
  });

  it.each(['10.0.0.0/33', 'fd00::/129', '10.0.0/8', 'web', '10.0.0.0/8/8', '10.0.0.0/', ''])(
    'names the invalid range %j',
    (range) => {
      expect(() => new AddressPolicy([range])).toThrow(/^Expected `allow` to be an array of CIDRs/);
    },
  );
});
