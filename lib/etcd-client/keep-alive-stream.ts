import type { ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3';
import { type EtcdStream, type EtcdStreamOpener } from './stream.js';

interface Waiting {
  readonly resolve: (ttl: number) => void;
  readonly reject: (error: Error) => void;
}

/** One keepalive stream at one endpoint, shared by any number of leases. It never comes back once it has ended. */
export class KeepAliveStream {
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly opening: Promise<EtcdStream<ILeaseKeepAliveRequest> | undefined>;
  private ended: Error | undefined;
  private retired = false;

  constructor(
    readonly endpoint: string,
    opener: EtcdStreamOpener,
  ) {
    this.opening = opener
      .openStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>(endpoint, {
        what: 'renewing leases',
        open: async ({ lease }, options) => await lease.leaseKeepAlive(options),
        onMessage: ({ ID, TTL }) => {
          this.answered(ID, Number(TTL));
        },
        onEnd: (error) => {
          this.end(error);
        },
      })
      .catch((error: unknown) => {
        this.end(error as Error);
        return undefined;
      });
  }

  /** Whether renewals may still be sent here. */
  get open(): boolean {
    return !this.ended && !this.retired;
  }

  /** Sends a renewal and resolves with the seconds granted, 0 where the lease is gone. Rejects when the stream ends. */
  async renew(id: string): Promise<number> {
    const stream = await this.opening;
    if (this.ended) throw this.ended;
    return await new Promise<number>((resolve, reject) => {
      // The server answers in the order asked, so the answer to one who has gone away never serves the next.
      const queue = this.waiting.get(id);
      if (queue) queue.push({ resolve, reject });
      else this.waiting.set(id, [{ resolve, reject }]);
      stream?.write({ ID: id });
    });
  }

  /** Gives the stream up: its server is silent. */
  fail(reason: string): void {
    void this.opening.then((stream) => stream?.fail(reason));
  }

  /** Sends no more, and closes once what was sent has been answered. */
  retire(): void {
    this.retired = true;
    this.closeIfIdle();
  }

  private answered(id: string, ttl: number): void {
    const queue = this.waiting.get(id);
    queue?.shift()?.resolve(ttl);
    if (queue?.length === 0) this.waiting.delete(id);
    if (this.retired) this.closeIfIdle();
  }

  private closeIfIdle(): void {
    if (this.waiting.size === 0) void this.opening.then((stream) => stream?.close());
  }

  private end(error: Error): void {
    this.ended = error;
    const queues = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of queues.flat()) reject(error);
  }
}
