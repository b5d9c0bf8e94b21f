import { type Endpoint } from '../discovery/endpoint.js';
import { type ListUpdate, newList } from '../discovery/service-change.js';
import { withWeight } from './candidates.js';
import { ListPart } from './list-part.js';
import { type Locality } from './locality.js';
import { Subset } from './subset.js';

/** Which endpoints of a list are members. */
export interface MembersOptions {
  /** `auto`: the zone of the process. */
  readonly zone?: string | undefined;
  readonly subset?: number | undefined;
}

/** The endpoints that are left after weight 0, zone and subset. One change of the list costs as much as it changes. */
export class Members {
  private zonePart: ListPart | undefined;
  private zone: string | undefined;
  /** The healthy endpoints of the zone, while any endpoint is ejected. */
  private readonly healthyPart: ListPart;
  private readonly subset: Subset | undefined;

  /** @param isEjected after a change of its results, {@link Members.ejectionsChanged} */
  constructor(
    private readonly options: MembersOptions,
    private readonly locality: Locality | undefined,
    isEjected: (endpoint: Endpoint) => boolean,
  ) {
    const { subset } = options;
    this.healthyPart = new ListPart((endpoint) => !isEjected(endpoint));
    this.subset = subset === undefined || !locality ? undefined : new Subset(subset, locality);
  }

  /** Some endpoints have been ejected, or have returned. */
  ejectionsChanged(): void {
    this.healthyPart.reset();
  }

  /**
   * The members of a list.
   *
   * @param isEqual whether all endpoints have the same weight
   * @param hasEjected whether any endpoint is ejected
   */
  follow(update: ListUpdate, isEqual: boolean, hasEjected: boolean): ListUpdate {
    const weighted = isEqual ? update.endpoints : withWeight(update.endpoints);
    const all = weighted === update.endpoints ? update : newList(Object.freeze(weighted));
    const near = this.near(all, hasEjected);
    return this.subset?.follow(near) ?? near;
  }

  /** The endpoints of the zone while at least half of them are healthy; all of them otherwise. */
  private near(all: ListUpdate, hasEjected: boolean): ListUpdate {
    const zone = this.options.zone === 'auto' ? this.locality?.zone : this.options.zone;
    if (zone === undefined) return all;
    if (!this.zonePart || zone !== this.zone)
      this.zonePart = new ListPart((endpoint) => endpoint.zone === zone);
    this.zone = zone;
    const local = this.zonePart.follow(all);
    const { length } = local.endpoints;
    if (length === 0 || length === all.endpoints.length) return all;
    const healthy = hasEjected ? this.healthyPart.follow(local).endpoints.length : length;
    return healthy * 2 >= length ? local : all;
  }
}
