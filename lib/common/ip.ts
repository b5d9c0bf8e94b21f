import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net';

/** The 16 bytes of an IP address. An IPv4 address is mapped to IPv6. `text` must be an IP address. */
export function ipBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  if (isIP(text) === 4) {
    bytes.set([0xff, 0xff], 10);
    bytes.set(text.split('.').map(Number), 12);
    return bytes;
  }
  // An IPv6 address may end in an IPv4 address.
  const hex = text.replace(/%.*$/, '').replace(/\d+\.\d+\.\d+\.\d+$/, (v4) => {
    const [a = 0, b = 0, c = 0, d = 0] = v4.split('.').map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => parseInt(group, 16));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  all.forEach((group, index) => {
    bytes[index * 2] = group >> 8;
    bytes[index * 2 + 1] = group & 0xff;
  });
  return bytes;
}

/** Whether the address is IPv4 or an IPv4-mapped IPv6 address. */
export function isIPv4Like(text: string): boolean {
  return (
    isIP(text) === 4 ||
    ipBytes(text)
      .subarray(0, 12)
      .every((byte, i) => byte === (i < 10 ? 0 : 0xff))
  );
}

/** The address in its shortest form. An IPv4-mapped address becomes IPv4. The zone of a link-local address is removed. */
export function canonicalIP(text: string): string {
  if (isIP(text) === 4) return text;
  if (isIPv4Like(text)) return ipBytes(text).subarray(12).join('.');
  return new SocketAddress({ address: text.replace(/%.*$/, ''), family: 'ipv6' }).address;
}

/** Orders addresses by their 16 bytes. */
export function compareIPs(a: string, b: string): number {
  return Buffer.compare(ipBytes(a), ipBytes(b));
}

/** Parses a CIDR such as `10.0.0.0/16` or `fdc6::/48` into a predicate. Returns undefined for any other string. */
export function parseCidr(text: string): ((ip: string) => boolean) | undefined {
  const match = /^([^/%]+)\/(\d{1,3})$/.exec(text);
  const [, network = '', length = ''] = match ?? [];
  const family = isIP(network);
  const prefix = Number(length);
  if (family === 0 || prefix > (family === 4 ? 32 : 128) || length !== String(prefix)) return undefined;
  const list = new BlockList();
  list.addSubnet(network, prefix, family === 4 ? 'ipv4' : 'ipv6');
  return (ip) => {
    const plain = canonicalIP(ip);
    return isIPv6(plain) === (family === 6) && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}
