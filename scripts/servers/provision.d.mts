/** See provision.mjs. */
export type ServerName = 'etcd' | 'etcdctl' | 'consul' | 'etcd34' | 'etcdNewest' | 'promtool';

export interface ProvisionOptions {
  readonly servers?: readonly ServerName[];
  readonly report?: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly caches?: readonly string[];
}

export const DEFAULT_SERVERS: readonly ServerName[];

export function provision(options?: ProvisionOptions): Promise<Partial<Record<ServerName, string>>>;
