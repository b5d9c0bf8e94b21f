import { joinHostPort } from '../common/address.js';
import { assembleInstance } from '../registry/instance.js';
import { type Endpoint, isSamePlace } from './endpoint.js';
import { EndpointTable, type TableChange } from './endpoint-table.js';
import { type EndpointsDiff } from './service-change.js';

/**
 * The union of several lists. It has one endpoint for each address and port, of the first list that has it. Where two
 * endpoints of different places have the same id, the one of the later list has another id.
 *
 * A change of a list costs as much as it changes. The union is in the order in which its endpoints were added.
 */
export class EndpointUnion {
  private readonly table = new EndpointTable();
  /** The claims of each list by id. */
  private readonly lists: readonly Map<string, Claim>[];
  private readonly places = new Precedence();
  /** Those claims that are the first of their place, by id. */
  private readonly ids = new Precedence();
  private lastOrder = 0;

  /** @param count number of lists */
  constructor(count: number) {
    this.lists = Array.from({ length: count }, () => new Map<string, Claim>());
  }

  /** Follows a change of the list with the number `index`, and returns how the union changes. */
  follow(index: number, { added, updated, removed }: EndpointsDiff): TableChange {
    const list = this.lists[index];
    const touched = new Map<string, readonly Claim[]>();
    if (list)
      for (const { id } of removed) {
        const claim = list.get(id);
        list.delete(id);
        if (claim) this.withdraw(claim, touched);
      }
    if (list)
      for (const endpoints of [updated, added])
        for (const each of endpoints) this.put(index, list, each, touched);
    this.listAll(touched);
    return this.table.commit();
  }

  private put(
    index: number,
    list: Map<string, Claim>,
    endpoint: Endpoint,
    touched: Map<string, readonly Claim[]>,
  ): void {
    const known = list.get(endpoint.id);
    if (known && isSamePlace(known.endpoint, endpoint)) {
      if (this.places.first(known.place) === known) this.touch(endpoint.id, touched);
      known.endpoint = endpoint;
      return;
    }
    if (known) this.withdraw(known, touched);
    const order = known?.order ?? (this.lastOrder += 1);
    const claim = new Claim(index, order, endpoint);
    list.set(endpoint.id, claim);
    const former = this.places.first(claim.place);
    this.places.add(claim.place, claim);
    if (this.places.first(claim.place) !== claim) return;
    if (former) this.remove(former, touched);
    this.add(claim, touched);
  }

  /** Ends a claim. The next one of its place comes into the union. */
  private withdraw(claim: Claim, touched: Map<string, readonly Claim[]>): void {
    const wasFirst = this.places.first(claim.place) === claim;
    this.places.remove(claim.place, claim);
    if (!wasFirst) return;
    this.remove(claim, touched);
    const next = this.places.first(claim.place);
    if (next) this.add(next, touched);
  }

  private add(claim: Claim, touched: Map<string, readonly Claim[]>): void {
    this.touch(claim.endpoint.id, touched);
    this.ids.add(claim.endpoint.id, claim);
  }

  private remove(claim: Claim, touched: Map<string, readonly Claim[]>): void {
    this.touch(claim.endpoint.id, touched);
    this.ids.remove(claim.endpoint.id, claim);
  }

  /** Remembers the claims that an id has had before the change. */
  private touch(id: string, touched: Map<string, readonly Claim[]>): void {
    if (!touched.has(id)) touched.set(id, this.ids.all(id));
  }

  /** Puts the claims of the touched ids into the table, the first of each id with that id. */
  private listAll(touched: ReadonlyMap<string, readonly Claim[]>): void {
    for (const [id, before] of touched) {
      const after = this.ids.all(id);
      const wanted = new Map<string, Endpoint>();
      for (const [position, claim] of after.entries()) {
        const endpoint = position === 0 ? claim.endpoint : claim.renamed;
        wanted.set(endpoint.id, endpoint);
      }
      for (const [position, claim] of before.entries()) {
        const former = position === 0 ? id : claim.newId;
        if (!wanted.has(former)) this.table.remove(former);
      }
      for (const endpoint of wanted.values())
        if (this.table.get(endpoint.id) !== endpoint) this.table.put(endpoint);
    }
  }
}

/** The id in a union of an endpoint whose own id is taken. */
export function idInUnion({ id, address, port }: Endpoint): string {
  return `${id}@${joinHostPort(address, port)}`;
}

/** An endpoint of one of the lists, which claims its place. */
class Claim {
  readonly place: string;
  private copy: Endpoint | undefined;
  private copied: Endpoint | undefined;

  constructor(
    readonly list: number,
    /** Distinguishes the claims of one list. */
    readonly order: number,
    public endpoint: Endpoint,
  ) {
    this.place = joinHostPort(endpoint.address, endpoint.port);
  }

  get newId(): string {
    return idInUnion(this.endpoint);
  }

  /** The endpoint with another id. It stays the same object until the endpoint changes. */
  get renamed(): Endpoint {
    if (!this.copy || this.copied !== this.endpoint) {
      this.copied = this.endpoint;
      this.copy = assembleInstance(Object.assign({}, this.endpoint, { id: this.newId }));
    }
    return this.copy;
  }
}

/** Claims by a key. Those of one key are in the order of their lists. */
class Precedence {
  private readonly firsts = new Map<string, Claim>();
  /** The claims after the first one, of the few keys that have several. */
  private readonly others = new Map<string, readonly Claim[]>();

  first(key: string): Claim | undefined {
    return this.firsts.get(key);
  }

  all(key: string): readonly Claim[] {
    const first = this.firsts.get(key);
    return first ? [first, ...(this.others.get(key) ?? [])] : [];
  }

  add(key: string, claim: Claim): void {
    this.set(
      key,
      [...this.all(key), claim].sort((a, b) => a.list - b.list || a.order - b.order),
    );
  }

  remove(key: string, claim: Claim): void {
    this.set(
      key,
      this.all(key).filter((each) => each !== claim),
    );
  }

  private set(key: string, [first, ...others]: readonly Claim[]): void {
    if (first) this.firsts.set(key, first);
    else this.firsts.delete(key);
    if (others.length > 0) this.others.set(key, others);
    else this.others.delete(key);
  }
}
