import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { type NetworkInterfaceInfo } from 'node:os';
import fc from 'fast-check';
import { isInterfaceSpec, selectAddress } from '../../../lib/common/interfaces.js';
import { mutatedTexts } from '../mutation.js';
import { hosts, names } from '../values.js';
import { dataTarget } from '../target.js';

interface Input {
  readonly specs: readonly string[];
  readonly addresses: readonly (readonly [name: string, address: string])[];
}

const SPECS: readonly string[] = [
  'eth0',
  'eth0[1]',
  'eth0:inet6',
  'inet',
  'inet6',
  '10.0.0.0/8',
  'fdc6::/48',
  'static:10.0.0.1',
];

export default dataTarget<Input>({
  name: 'interfaces',
  promise: 'interface specifications choose an address of the machine, or are refused',
  inputs: (corpus) =>
    fc.oneof(
      fc.constantFrom(...corpus),
      fc.record({
        specs: fc.array(
          fc.oneof(
            fc.constantFrom(...SPECS),
            mutatedTexts(SPECS),
            fc.tuple(hosts, fc.nat(140)).map(([host, bits]) => `${host}/${bits}`),
          ),
          { maxLength: 3 },
        ),
        addresses: fc.array(fc.tuple(fc.oneof(fc.constantFrom('eth0', 'lo'), names), hosts), {
          maxLength: 4,
        }),
      }),
    ),
  run: ({ specs, addresses }) => {
    const interfaces = new Map<string, NetworkInterfaceInfo[]>();
    for (const [name, address] of addresses)
      interfaces.set(name, [...(interfaces.get(name) ?? []), { address } as NetworkInterfaceInfo]);
    for (const spec of specs) isInterfaceSpec(spec);
    assert.notEqual(isIP(selectAddress(specs, Object.fromEntries(interfaces))), 0, 'an address is chosen');
  },
});
