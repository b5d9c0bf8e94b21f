/** Selects endpoints of one service. */
export interface ServiceQuery {
  readonly service: string;
  /** Only endpoints that carry this tag. */
  readonly tag?: string;
  /** Consul datacenter. */
  readonly dc?: string;
  /** Longest silence of the registry in milliseconds before the service is listed again. */
  readonly intervalMs?: number;
}

/** The part of a query that decides what is watched: queries with equal sources share one watch. */
export type ServiceSource = Pick<ServiceQuery, 'service' | 'dc' | 'intervalMs'>;

/** A string that is unique per source, for use as a map key. */
export function sourceId({ service, dc, intervalMs }: ServiceSource): string {
  return JSON.stringify([service, dc ?? null, intervalMs ?? null]);
}
