import type { IWatchResponse } from 'etcd3';

/** A watch as {@link WatchNumbers} knows it. */
export interface Numbered {
  /** The number that the client proposes for it. */
  readonly id: number;
}

interface Pending<W> {
  readonly id: number;
  /** Undefined once the watch has ended. */
  watch: W | undefined;
}

/** The number of an answer that belongs to no watch. */
const NO_WATCH = -1;

/**
 * Which watch an answer of one stream belongs to. etcd takes the numbers that the client proposes. Its gRPC proxy counts
 * from 0 instead, and answers requests in another order than they were sent: only the `created` answer gives the number.
 * The first watch of a stream shows which of the two it is. A server that numbers watches itself gets one request at a
 * time, so that each `created` answer belongs to exactly one.
 */
export class WatchNumbers<W extends Numbered> {
  private readonly byNumber = new Map<number, W>();
  private readonly numbers = new Map<W, number>();
  private readonly waiting = new Set<W>();
  /** Requests that were sent and not answered, in order. */
  private pending: Pending<W>[] = [];
  private numbering: 'unknown' | 'client' | 'server' = 'unknown';

  /**
   * @param create sends the request to begin a watch
   * @param cancel sends the request to end the watch of this number
   */
  constructor(
    private readonly create: (watch: W) => void,
    private readonly cancel: (number: number) => void,
  ) {}

  /** Whether the server ignores the numbers that the client proposes. */
  get renumbers(): boolean {
    return this.numbering === 'server';
  }

  /** The watch whose request has to be answered next, for a server that gets one at a time. */
  get next(): W | undefined {
    return this.renumbers ? this.pending[0]?.watch : undefined;
  }

  /** Begins a watch, as soon as its `created` answer can be told from others. */
  begin(watch: W): void {
    this.waiting.add(watch);
    this.send();
  }

  /** Ends a watch on the server. */
  end(watch: W): void {
    this.waiting.delete(watch);
    const number = this.numbers.get(watch);
    if (number !== undefined) {
      this.forget(watch);
      this.cancel(number);
    }
    // Its number is not known yet: it is cancelled when the answer comes.
    for (const one of this.pending) if (one.watch === watch) one.watch = undefined;
  }

  /** Takes an answer; returns the watch it belongs to. A watch that is cancelled has no number afterwards. */
  take({ created, canceled, watch_id: text }: IWatchResponse): W | undefined {
    const number = Number(text);
    if (!created) {
      const watch = this.byNumber.get(number);
      if (watch && canceled) this.forget(watch);
      return watch ?? (canceled && !this.renumbers ? this.refused(number) : undefined);
    }
    // A refusal to begin may name no watch: it answers the oldest request.
    const place = Math.max(
      0,
      this.pending.findIndex(({ id }) => id === number),
    );
    const [answered] = this.pending.splice(place, 1);
    if (!answered) return undefined;
    if (this.numbering === 'unknown' && number !== NO_WATCH)
      this.numbering = number === answered.id ? 'client' : 'server';
    const { watch } = answered;
    if (watch && !canceled) {
      this.byNumber.set(number, watch);
      this.numbers.set(watch, number);
    } else if (!canceled) {
      this.cancel(number);
    }
    this.send();
    return watch;
  }

  /** A watch may be cancelled before it was said to be created. */
  private refused(number: number): W | undefined {
    const place = this.pending.findIndex(({ id }) => id === number);
    return place < 0 ? undefined : this.pending.splice(place, 1)[0]?.watch;
  }

  private forget(watch: W): void {
    const number = this.numbers.get(watch);
    this.numbers.delete(watch);
    if (number !== undefined) this.byNumber.delete(number);
  }

  private send(): void {
    for (const watch of this.waiting) {
      if (this.numbering !== 'client' && this.pending.length > 0) return;
      this.waiting.delete(watch);
      this.pending.push({ id: watch.id, watch });
      this.create(watch);
    }
  }
}
