import { type Instance } from '../registry/instance.js';

/** Which endpoints of which service. */
export interface ServiceQuery {
  readonly service: string;
  /** Only endpoints that carry this tag. */
  readonly tag?: string;
  /** Consul's datacenter. */
  readonly dc?: string;
  /** Only endpoints in this zone, for as long as it has any; then all of them. */
  readonly zone?: string;
  /** At most so many milliseconds without a word from the registry, before it is asked again. */
  readonly interval?: number;
}

/** What of a service is followed: queries with an equal source share one watch. */
export type ServiceSource = Pick<ServiceQuery, 'service' | 'dc' | 'interval'>;

/** One string a source, for maps. */
export function sourceId({ service, dc, interval }: ServiceSource): string {
  return JSON.stringify([service, dc ?? null, interval ?? null]);
}

/** The endpoints of `all` that the query asks for, in their order. */
export function selectEndpoints({ tag, zone }: ServiceQuery, all: readonly Instance[]): readonly Instance[] {
  const tagged = tag === undefined ? all : all.filter(({ tags }) => tags.includes(tag));
  if (zone === undefined) return tagged;
  const near = tagged.filter((endpoint) => endpoint.zone === zone);
  return near.length > 0 ? near : tagged;
}
