import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import fc from 'fast-check';
import { ipBytes } from '../../../lib/common/ip.js';
import { AddressPolicy } from '../../../lib/discovery/address-policy.js';
import { isHost, isPort, joinHostPort, splitHostPort } from '../../../lib/common/address.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { mutatedTexts } from '../mutation.js';
import { hosts, ports } from '../values.js';
import { dataTarget } from '../target.js';

interface Input {
  readonly address: string;
  readonly port: unknown;
  readonly allow: readonly string[];
}

const bitsOf = (address: string): string =>
  Array.from(ipBytes(address), (byte) => byte.toString(2).padStart(8, '0')).join('');

/** Whether `address` lies in `range`, reckoned on bits: an IPv4 address is its IPv6-mapped form. */
function within(address: string, range: string): boolean {
  const [network = '', length] = range.split('/');
  const mapped = isIP(network) === 4 ? 96 : 0;
  const bits = length === undefined ? 128 : mapped + Number(length);
  return bitsOf(address).slice(0, bits) === bitsOf(network).slice(0, bits);
}

const ranges = fc.oneof(
  fc.tuple(fc.ipV4(), fc.nat(32)).map(([ip, bits]) => `${ip}/${bits}`),
  fc.tuple(fc.ipV6(), fc.nat(128)).map(([ip, bits]) => `${ip}/${bits}`),
  fc.constantFrom(
    '10.0.0.0/8',
    '::ffff:10.0.0.0/104',
    '::/0',
    '0.0.0.0/0',
    'fe80::/10',
    'fe80::%eth0/10',
    '::1',
  ),
  fc.tuple(hosts, fc.string({ maxLength: 4 })).map(([host, bits]) => `${host}/${bits}`),
);

const addresses = fc.oneof(
  hosts,
  mutatedTexts(['10.0.0.1', '::ffff:10.0.0.1', 'web.example.org:80', '[::1]:80']),
);

export default dataTarget<Input>({
  name: 'addresses',
  promise: 'an address is an IP address or a hostname with a port, and within the allowed ranges, or refused',
  share: 2,
  inputs: (corpus) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...corpus) },
      {
        weight: 9,
        arbitrary: fc.record({ address: addresses, port: ports, allow: fc.array(ranges, { maxLength: 3 }) }),
      },
    ),
  run: ({ address, port, allow }) => {
    const split = splitHostPort(address);
    if (split) assert.equal(splitHostPort(joinHostPort(split.host, split.port))?.host, split.host);
    if (isHost(address) && isPort(port))
      assert.deepEqual(splitHostPort(joinHostPort(address, port)), { host: address, port });
    const endpoint = completeInstance({ service: 'web', id: 'a', address, port: port as number });
    const wellFormed = isHost(address) && isPort(port);
    assert.equal(new AddressPolicy().refusal(endpoint) === undefined, wellFormed, 'only an address is taken');
    const refusal = new AddressPolicy(allow).refusal(endpoint);
    assert.ok((refusal?.length ?? 0) < 2_000, 'a refusal can be read');
    const inside = wellFormed && isIP(address) !== 0 && allow.some((range) => within(address, range));
    assert.equal(refusal === undefined, inside, 'only an address in a range is taken');
  },
});
