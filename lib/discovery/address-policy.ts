import { BlockList, isIP } from 'node:net';
import { isHost, isPort, joinHostPort } from '../common/address.js';
import { expected, formatValue } from '../common/expected.js';
import { type Endpoint } from './endpoint.js';

/** Decides which addresses an endpoint may have. */
export class AddressPolicy {
  private readonly ranges: BlockList | undefined;

  /**
   * @param allow CIDRs such as `10.0.0.0/8` or `fd00::/8`, or single addresses; any address is allowed without them
   * @throws InvalidOptionError when an element is neither
   */
  constructor(private readonly allow?: readonly string[]) {
    if (!allow) return;
    this.ranges = new BlockList();
    for (const range of allow) addRange(this.ranges, range);
  }

  /** The reason why `endpoint` must not be used, as a sentence; undefined when it may be used. */
  refusal({ address, port, ports }: Endpoint): string | undefined {
    if (!isHost(address))
      return `Expected its address to be an IP address or a hostname, got ${formatValue(address)}.`;
    if (!isPort(port)) return wrongPort(port);
    for (const number of Object.values(ports)) if (!isPort(number)) return wrongPort(number);
    if (!this.ranges || this.allows(this.ranges, address)) return undefined;
    return `Its address ${joinHostPort(address, port)} is not in the allowed ${(this.allow ?? []).join(', ')}.`;
  }

  private allows(ranges: BlockList, address: string): boolean {
    const family = isIP(address);
    // A hostname is in no range: what it resolves to may change at any time.
    return family !== 0 && ranges.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

function wrongPort(port: unknown): string {
  return `Expected its port to be an integer from 1 to 65535, got ${formatValue(port)}.`;
}

function addRange(ranges: BlockList, range: string): void {
  const [address = '', bits, ...rest] = range.split('/');
  const family = isIP(address);
  const maxBits = family === 6 ? 128 : 32;
  const length = bits === undefined ? maxBits : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
  if (family === 0 || rest.length > 0 || !(length <= maxBits))
    throw expected('allow', 'an array of CIDRs such as "10.0.0.0/8"', range);
  ranges.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
}
