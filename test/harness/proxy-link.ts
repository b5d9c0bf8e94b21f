import { type Socket } from 'node:net';

/** The mode of a proxy for the bytes of one direction. */
export type LinkMode =
  | { readonly kind: 'pass' }
  /** Every byte arrives `ms` milliseconds late, in order. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Bytes are kept, and delivered once the mode changes: a network that drops packets for a while. */
  | { readonly kind: 'stall' }
  /** Bytes are taken and thrown away: a peer that accepts and never answers. */
  | { readonly kind: 'swallow' };

interface Parcel {
  /** `undefined` is the end of the stream. */
  readonly bytes: Buffer | undefined;
  readonly due: number;
}

/** One direction of one connection. */
export class ProxyLink {
  private readonly queue: Parcel[] = [];
  private timer: NodeJS.Timeout | undefined;
  private budget = Infinity;

  /** Whether bytes were thrown away, so that the connection is of no more use. */
  tainted = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private mode: LinkMode,
    private readonly onBytes: (bytes: Buffer) => void,
    private readonly onBudgetSpent: () => void,
  ) {
    from.on('data', (bytes: Buffer) => this.accept(bytes));
    from.on('end', () => this.accept(undefined));
    to.on('drain', () => from.resume());
  }

  setMode(mode: LinkMode): void {
    this.mode = mode;
    this.flush();
  }

  /** Delivers the bytes buffered before the mode changed to discarding. */
  release(): void {
    for (const { bytes } of this.queue.splice(0)) this.deliver(bytes);
  }

  /** Calls `onBudgetSpent` once `bytes` more have been passed on. */
  setBudget(bytes: number): void {
    this.budget = bytes;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.queue.length = 0;
  }

  private accept(bytes: Buffer | undefined): void {
    if (bytes) this.onBytes(bytes);
    const { mode } = this;
    if (mode.kind === 'swallow') {
      this.tainted = true;
      return;
    }
    if (mode.kind === 'pass' && this.queue.length === 0) return this.deliver(bytes);
    this.queue.push({ bytes, due: performance.now() + (mode.kind === 'delay' ? mode.ms : 0) });
    this.flush();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.mode.kind === 'stall' || this.mode.kind === 'swallow') return;
    for (let first = this.queue[0]; first; first = this.queue[0]) {
      const wait = this.mode.kind === 'delay' ? first.due - performance.now() : 0;
      if (wait > 0) {
        this.timer = setTimeout(() => this.flush(), wait);
        return;
      }
      this.queue.shift();
      this.deliver(first.bytes);
    }
  }

  private deliver(bytes: Buffer | undefined): void {
    if (this.to.destroyed || !this.to.writable) return;
    if (!bytes) {
      this.to.end();
      return;
    }
    const allowed = bytes.subarray(0, Math.max(0, this.budget));
    this.budget -= allowed.length;
    if (!this.to.write(allowed)) this.from.pause();
    if (this.budget <= 0) this.onBudgetSpent();
  }
}
