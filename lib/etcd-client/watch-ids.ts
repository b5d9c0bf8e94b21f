import type { IWatchResponse } from 'etcd3';

/** A watch with a proposed id. */
export interface Identified {
  /** The watch id that the client proposes. */
  readonly id: number;
}

interface Pending<W> {
  readonly id: number;
  /** Undefined when the watch has ended meanwhile. */
  watch: W | undefined;
}

/** The watch id of a response that belongs to no watch. */
const NO_WATCH = -1;

/**
 * Maps the watch ids of one stream to watches. etcd accepts the ids that the client proposes. Its gRPC proxy assigns its
 * own, from 0, and may answer create requests out of order, so that only the `created` response shows the id. The first
 * watch of a stream shows which of the two serves it. A server that assigns ids gets one create request at a time, so
 * that each `created` response belongs to exactly one request.
 */
export class WatchIds<W extends Identified> {
  private readonly byId = new Map<number, W>();
  private readonly ids = new Map<W, number>();
  private readonly waiting = new Set<W>();
  /** Create requests without a response, in order. */
  private pending: Pending<W>[] = [];
  private assignedBy: 'unknown' | 'client' | 'server' = 'unknown';

  /**
   * @param create sends the create request of a watch
   * @param cancel sends the cancel request for a watch id
   */
  constructor(
    private readonly create: (watch: W) => void,
    private readonly cancel: (id: number) => void,
  ) {}

  /** Whether the server assigns its own watch ids. */
  get assignedByServer(): boolean {
    return this.assignedBy === 'server';
  }

  /** The watch whose `created` response is due, on a server that gets one create request at a time. */
  get next(): W | undefined {
    return this.assignedByServer ? this.pending[0]?.watch : undefined;
  }

  /** Sends the create request of a watch, once its `created` response can be attributed. */
  begin(watch: W): void {
    this.waiting.add(watch);
    this.send();
  }

  /** Cancels a watch on the server. */
  end(watch: W): void {
    this.waiting.delete(watch);
    const id = this.ids.get(watch);
    if (id !== undefined) {
      this.forget(watch);
      this.cancel(id);
    }
    // The id of a pending watch is not known yet: it is cancelled once its `created` response arrives.
    for (const one of this.pending) if (one.watch === watch) one.watch = undefined;
  }

  /** Handles a response and returns its watch, if any. A cancelled watch has no id afterwards. */
  take({ created, canceled, watch_id: watchId }: IWatchResponse): W | undefined {
    const id = Number(watchId);
    if (!created) {
      const watch = this.byId.get(id);
      if (watch && canceled) this.forget(watch);
      return watch ?? (canceled && !this.assignedByServer ? this.refused(id) : undefined);
    }
    // A refused create request may name no watch: the response belongs to the oldest request.
    const place = Math.max(
      0,
      this.pending.findIndex((request) => request.id === id),
    );
    const [answered] = this.pending.splice(place, 1);
    if (!answered) return undefined;
    if (this.assignedBy === 'unknown' && id !== NO_WATCH)
      this.assignedBy = id === answered.id ? 'client' : 'server';
    const { watch } = answered;
    if (watch && !canceled) {
      this.byId.set(id, watch);
      this.ids.set(watch, id);
    } else if (!canceled) {
      this.cancel(id);
    }
    this.send();
    return watch;
  }

  /** Handles a cancellation that arrives in place of the `created` response. */
  private refused(id: number): W | undefined {
    const place = this.pending.findIndex((request) => request.id === id);
    return place < 0 ? undefined : this.pending.splice(place, 1)[0]?.watch;
  }

  private forget(watch: W): void {
    const id = this.ids.get(watch);
    this.ids.delete(watch);
    if (id !== undefined) this.byId.delete(id);
  }

  private send(): void {
    for (const watch of this.waiting) {
      if (this.assignedBy !== 'client' && this.pending.length > 0) return;
      this.waiting.delete(watch);
      this.pending.push({ id: watch.id, watch });
      this.create(watch);
    }
  }
}
