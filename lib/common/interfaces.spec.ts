import { type NetworkInterfaceInfo } from 'node:os';
import { InvalidOptionError } from './errors/index.js';
import { isInterfaceSpec, selectAddress, type Interfaces } from './interfaces.js';
import { NoAddressError } from './errors/no-address.error.js';

function info(address: string): NetworkInterfaceInfo {
  const common = { address, netmask: '', mac: '00:00:00:00:00:00', internal: false, cidr: null };
  return address.includes(':') ? { ...common, family: 'IPv6', scopeid: 0 } : { ...common, family: 'IPv4' };
}

function machine(addresses: Record<string, string[]>): Interfaces {
  return Object.fromEntries(Object.entries(addresses).map(([name, list]) => [name, list.map(info)]));
}

const here = machine({
  lo: ['127.0.0.1', '::1'],
  eth2: ['fdc6:238c:c4bc::1', '10.1.0.200'],
  eth1: ['10.0.0.200', '10.0.0.100'],
  eth0: ['192.168.1.100', '10.2.0.1'],
});

describe('selectAddress', () => {
  it.each([
    ['lo', '127.0.0.1'],
    ['lo:inet6', '::1'],
    ['static:192.168.7.7', '192.168.7.7'],
    ['static:FDC6:0:0::1', 'fdc6::1'],
    ['eth0', '10.2.0.1'],
    ['eth0:inet', '10.2.0.1'],
    ['eth0[0]', '10.2.0.1'],
    ['eth0[1]', '192.168.1.100'],
    ['eth2[1]', 'fdc6:238c:c4bc::1'],
    ['eth2:inet6', 'fdc6:238c:c4bc::1'],
    ['10.0.0.0/16', '10.0.0.100'],
    ['10.1.0.0/16', '10.1.0.200'],
    ['10.0.0.0/8', '10.2.0.1'],
    ['fdc6:238c:c4bc::/48', 'fdc6:238c:c4bc::1'],
    ['0.0.0.0/0', '10.2.0.1'],
    ['::/0', 'fdc6:238c:c4bc::1'],
    ['inet', '10.2.0.1'],
    ['inet6', 'fdc6:238c:c4bc::1'],
  ])('%s gives %s', (spec, address) => {
    expect(selectAddress([spec], here)).toBe(address);
  });

  it('uses the first specification that matches', () => {
    expect(selectAddress(['eth3', 'fdc6:238c:c4bc::/48', 'inet'], here)).toBe('fdc6:238c:c4bc::1');
    expect(selectAddress(['eth0:inet6', '10.1.0.0/16', 'inet'], here)).toBe('10.1.0.200');
  });

  it('defaults to eth0, then to any IPv4 address', () => {
    expect(selectAddress([], here)).toBe('10.2.0.1');
    expect(selectAddress([], machine({ wlan0: ['10.9.9.9'], ens1: ['fe80::1', '10.8.8.8'] }))).toBe(
      '10.8.8.8',
    );
  });

  it('orders interfaces by name and addresses by bytes, not as strings', () => {
    expect(selectAddress(['inet'], machine({ eth10: ['10.0.0.1'], eth2: ['10.0.0.2'] }))).toBe('10.0.0.1');
    expect(selectAddress(['eth0'], machine({ eth0: ['10.0.0.100', '10.0.0.9'] }))).toBe('10.0.0.9');
    expect(selectAddress(['eth0[0]'], machine({ eth0: ['fe80::1', '10.0.0.9'] }))).toBe('10.0.0.9');
  });

  it('never matches inet or inet6 with a loopback address of any interface', () => {
    const local = machine({ lo: ['127.0.0.1', '::1'], dummy0: ['127.9.9.9'] });
    expect(() => selectAddress(['inet', 'inet6'], local)).toThrow(NoAddressError);
  });

  it('falls back to a loopback address with `loopback: true`', () => {
    const local = machine({ lo: ['::1', '127.0.0.1'] });
    expect(selectAddress([], local, { loopback: true })).toBe('127.0.0.1');
    expect(selectAddress([], machine({ lo: ['::1'] }), { loopback: true })).toBe('::1');
    expect(selectAddress([], here, { loopback: true })).toBe('10.2.0.1');
    expect(() => selectAddress([], {}, { loopback: true })).toThrow(NoAddressError);
  });

  it('treats an IPv4-mapped address as IPv4 and removes a zone', () => {
    expect(selectAddress(['inet'], machine({ eth0: ['::ffff:10.0.0.1'] }))).toBe('10.0.0.1');
    expect(selectAddress(['10.0.0.0/8'], machine({ eth0: ['::ffff:10.0.0.1'] }))).toBe('10.0.0.1');
    expect(selectAddress(['inet6'], machine({ eth0: ['fe80::1%eth0'] }))).toBe('fe80::1');
  });

  it('reports the specifications and the available addresses', () => {
    expect.assertions(3);
    try {
      selectAddress(['eth7', '172.16.0.0/12'], machine({ lo: ['127.0.0.1'], eth0: ['10.2.0.1'] }));
    } catch (error) {
      expect(error).toBeInstanceOf(NoAddressError);
      expect(error).toMatchObject({ specs: ['eth7', '172.16.0.0/12'] });
      expect((error as Error).message).toContain('eth0 10.2.0.1, lo 127.0.0.1');
    }
  });

  it.each([
    '',
    '!',
    '127.0.0.1',
    'eth0:inet5',
    'eth0[-1]',
    'static:abcdef',
    'static:5',
    '10.0.0.0/33',
    'a b',
  ])('rejects "%s"', (spec) => {
    expect(isInterfaceSpec(spec)).toBe(false);
    expect(() => selectAddress([spec], here)).toThrow(InvalidOptionError);
  });

  it('checks every specification before it uses the first', () => {
    expect(() => selectAddress(['inet', '!'], here)).toThrow(InvalidOptionError);
  });

  it('accepts the dots and dashes that interface names have', () => {
    expect(selectAddress(['br-lan'], machine({ 'br-lan': ['10.0.0.3'] }))).toBe('10.0.0.3');
    expect(selectAddress(['eth0.100[0]'], machine({ 'eth0.100': ['10.0.0.4'] }))).toBe('10.0.0.4');
  });

  it('finds no interface named like a member of Object.prototype', () => {
    expect(selectAddress(['__proto__', 'constructor', 'eth1'], here)).toBe('10.0.0.100');
  });
});
