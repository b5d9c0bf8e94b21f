import { BlockList, isIP } from 'node:net';
import { isHost, isPort, joinHostPort } from '../common/address.js';
import { expected, formatValue } from '../common/expected.js';
import { type Endpoint } from './endpoint.js';

/** Which addresses an endpoint may have. */
export class AddressPolicy {
  private readonly ranges: BlockList | undefined;

  /**
   * @param allow CIDRs such as `10.0.0.0/8` or `fd00::/8`, or single addresses; without them every address will do
   * @throws InvalidOptionError when one of them is neither
   */
  constructor(private readonly allow?: readonly string[]) {
    if (!allow) return;
    this.ranges = new BlockList();
    for (const range of allow) addRange(this.ranges, range);
  }

  /** Why `endpoint` must not be used, as a sentence, or undefined where it may. */
  refusal({ address, port, ports }: Endpoint): string | undefined {
    if (!isHost(address))
      return `Expected its address to be an IP address or a hostname, got ${formatValue(address)}.`;
    for (const number of [port, ...Object.values(ports)])
      if (!isPort(number))
        return `Expected its port to be a whole number from 1 to 65535, got ${formatValue(number)}.`;
    if (!this.ranges || this.allows(this.ranges, address)) return undefined;
    return `Its address ${joinHostPort(address, port)} is not in the allowed ${(this.allow ?? []).join(', ')}.`;
  }

  private allows(ranges: BlockList, address: string): boolean {
    const family = isIP(address);
    return family !== 0 && ranges.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

function addRange(ranges: BlockList, range: string): void {
  const [address = '', bits, ...rest] = range.split('/');
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
  if (family === 0 || rest.length > 0 || !(length <= longest))
    throw expected('allow', 'a list of CIDRs such as "10.0.0.0/8"', range);
  ranges.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
}
