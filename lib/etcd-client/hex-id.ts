/** A 64-bit id of etcd (member, cluster) in hexadecimal, as `etcdctl` prints it. */
export function hexId(decimal: string): string {
  return BigInt.asUintN(64, BigInt(decimal)).toString(16);
}

/** The id of a lease in hexadecimal, as `etcdctl` prints it: always 16 digits. */
export function leaseHexId(decimal: string): string {
  return hexId(decimal).padStart(16, '0');
}
