import { type Line, type Effort } from '../measure/line.js';
import { visibleOnConsul } from './visible-consul.js';
import { visibleOnEtcd } from './visible-etcd.js';
import { visibleInFolder } from './visible-file.js';

/** `etcd 1000`: endpoints of the service; `consul`; `file`. */
export async function measure(variant: string, effort: Effort): Promise<readonly Line[]> {
  const [registry, size] = variant.split(' ');
  if (registry === 'etcd') return await visibleOnEtcd(Number(size), effort);
  return await (registry === 'consul' ? visibleOnConsul : visibleInFolder)(effort);
}
