/** One of etcd's 64-bit numbers (a member, a cluster, a lease) as its own tools write it, in hexadecimal. */
export function hexId(decimal: string): string {
  return BigInt.asUintN(64, BigInt(decimal)).toString(16);
}
