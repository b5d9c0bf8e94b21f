import { isIP } from 'node:net';
import { type NetworkInterfaceInfo } from 'node:os';
import { isLoopback } from './address.js';
import { expected } from './expected.js';
import { canonicalIP, compareIPs, isIPv4Like, parseCidr } from './ip.js';
import { NoAddressError } from './errors/no-address.error.js';

/** The result of `os.networkInterfaces()`. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** ContainerPilot's default: the first IPv4 address of `eth0`, else of any interface except loopback. */
export const DEFAULT_INTERFACES: readonly string[] = Object.freeze(['eth0:inet', 'inet']);

interface Candidate {
  readonly name: string;
  readonly ip: string;
  /** Zero-based position among the addresses of the interface. */
  readonly index: number;
}

type Spec = { readonly address: string } | { readonly matches: (candidate: Candidate) => boolean };

const NAMED = /^(?<name>[\w.-]+)(?:\[(?<index>\d+)\]|:(?<version>inet6?))?$/;
const STATIC = 'static:';

function inet(name: string | undefined, version: string | undefined): Spec {
  const v4 = version !== 'inet6';
  return {
    matches: (candidate) =>
      (name === undefined ? !isLoopback(canonicalIP(candidate.ip)) : candidate.name === name) &&
      isIPv4Like(candidate.ip) === v4,
  };
}

function parseSpec(spec: unknown): Spec | undefined {
  if (typeof spec !== 'string') return undefined;
  if (spec === 'inet' || spec === 'inet6') return inet(undefined, spec);
  if (spec.startsWith(STATIC)) {
    const address = spec.slice(STATIC.length);
    return isIP(address) === 0 ? undefined : { address: canonicalIP(address) };
  }
  // Digits and dots alone are a mistyped address or network, not an interface.
  const named = /^[\d.]+$/.test(spec) ? undefined : NAMED.exec(spec)?.groups;
  if (named) {
    const { name, index, version } = named;
    if (index === undefined) return inet(name, version);
    return { matches: (candidate) => candidate.name === name && candidate.index === Number(index) };
  }
  const contains = parseCidr(spec);
  return contains && { matches: (candidate) => contains(candidate.ip) };
}

/** Whether `spec` is a valid specification for {@link selectAddress}. */
export function isInterfaceSpec(spec: unknown): spec is string {
  return parseSpec(spec) !== undefined;
}

/** All addresses in ContainerPilot's order: by interface name, then by the bytes of the address. */
function candidates(interfaces: Interfaces): Candidate[] {
  return Object.keys(interfaces)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap((name) =>
      (interfaces[name] ?? [])
        .map(({ address }) => address)
        .filter((address) => isIP(address) !== 0)
        .sort(compareIPs)
        .map((ip, index) => ({ name, ip, index })),
    );
}

/** Options of {@link selectAddress}. */
export interface SelectAddressOptions {
  /**
   * Falls back to a loopback address, IPv4 before IPv6, if no specification matches.
   *
   * @default false
   */
  readonly loopback?: boolean;
}

/**
 * Selects the address to register. The first specification that matches an address of this machine is used. If it
 * matches several, the first is selected: interfaces are ordered by name, their addresses by bytes.
 *
 * Specifications have ContainerPilot's forms: `eth0` and `eth0:inet` (its first IPv4 address), `eth0:inet6`, `eth0[1]`
 * (its second address of either family), `10.0.0.0/16` or `fdc6::/48` (any address of the network), `inet` and `inet6`
 * (any address except loopback), `static:192.168.1.100` (this address, unchecked).
 *
 * @param specs Tried in order. An empty array means {@link DEFAULT_INTERFACES}.
 * @param interfaces The result of `os.networkInterfaces()`.
 * @throws InvalidOptionError when a specification has another form
 * @throws NoAddressError when no specification matches
 */
export function selectAddress(
  specs: readonly string[],
  interfaces: Interfaces,
  options: SelectAddressOptions = {},
): string {
  const wanted = specs.length === 0 ? DEFAULT_INTERFACES : specs;
  const parsed = wanted.map((text) => {
    const spec = parseSpec(text);
    if (!spec)
      throw expected(
        'interfaces',
        'specifications such as eth0, eth0[1], eth0:inet6, 10.0.0.0/16, inet, inet6 or static:IP',
        text,
      );
    return spec;
  });
  const found = candidates(interfaces);
  for (const spec of parsed) {
    if ('address' in spec) return spec.address;
    const match = found.find(spec.matches);
    if (match) return canonicalIP(match.ip);
  }
  const loopback = options.loopback
    ? found
        .filter(({ ip }) => isLoopback(canonicalIP(ip)))
        .sort((a, b) => Number(isIPv4Like(b.ip)) - Number(isIPv4Like(a.ip)))[0]
    : undefined;
  if (loopback) return canonicalIP(loopback.ip);
  throw new NoAddressError(
    wanted,
    found.map(({ name, ip }) => `${name} ${canonicalIP(ip)}`),
  );
}
