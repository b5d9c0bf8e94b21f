/** Bytes of a streamed body that are kept for a retry. A larger one is sent once. */
const MAX_KEPT_BYTES = 1_048_576;

type Source = AsyncIterable<unknown> | Iterable<unknown>;

/** The body of a request, for more than one attempt. */
export interface RepeatableBody {
  /** Whether a further attempt sends the same bytes. */
  readonly isWhole: boolean;
  /** Whether the source of the body failed, rather than the connection. */
  readonly hasFailed: boolean;
  /** The body for one attempt. */
  forAttempt(): unknown;
  /** Releases the source. Called when the call has ended. */
  close(): void;
}

/** A body that every attempt may be given as it is: none, bytes, a string, a Blob or a FormData. */
class FixedBody implements RepeatableBody {
  readonly isWhole = true;
  readonly hasFailed = false;

  constructor(private readonly body: unknown) {}

  forAttempt(): unknown {
    return this.body;
  }

  close(): void {
    // There is nothing to release.
  }
}

/** Ends a hedged attempt that is behind one whose chunks were too many to keep. */
class SentBodyError extends Error {
  readonly code = 'ERR_CANCELED';

  constructor() {
    super('The body of the request was sent to another endpoint and is too large to be sent again.');
  }
}

/**
 * A stream or an iterator, which can be read once only. Attempts read it through this object, and the chunks are kept for a
 * retry up to {@link MAX_KEPT_BYTES}. An aborted attempt does not close the source, which undici would do with a stream.
 * Reads no further ahead than the connection takes.
 */
class StreamedBody implements RepeatableBody {
  private failed = false;
  private readonly kept: unknown[] = [];
  private keptBytes = 0;
  private dropped = 0;
  private iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  private reading: Promise<void> | undefined;
  private ended = false;

  constructor(
    private readonly source: Source,
    private readonly keep: boolean,
  ) {}

  get isWhole(): boolean {
    return this.dropped === 0;
  }

  get hasFailed(): boolean {
    return this.failed;
  }

  forAttempt(): AsyncIterable<unknown> {
    return new BodyReader(this);
  }

  /** The chunk at a place, or the end. */
  async chunkAt(place: number): Promise<IteratorResult<unknown, undefined>> {
    while (place >= this.dropped + this.kept.length) {
      if (this.ended) return { done: true, value: undefined };
      await (this.reading ??= this.read());
    }
    if (place < this.dropped) throw new SentBodyError();
    const value = this.kept[place - this.dropped];
    if (!this.keep || this.keptBytes > MAX_KEPT_BYTES) this.drop();
    return { done: false, value };
  }

  close(): void {
    const wasRead = this.iterator !== undefined;
    if (this.ended || !wasRead) return;
    this.ended = true;
    // A generator that waits for its next chunk ends after it. Its error has no reader any more.
    void (async () => this.iterator?.return?.())().catch(() => undefined);
  }

  /** Reads one chunk from the source. Two attempts that wait share one read. */
  private async read(): Promise<void> {
    try {
      this.iterator ??= iteratorOf(this.source);
      const result: IteratorResult<unknown, unknown> = await this.iterator.next();
      if (result.done) this.ended = true;
      else {
        this.kept.push(result.value);
        this.keptBytes += sizeOf(result.value);
      }
    } catch (error) {
      this.failed = true;
      throw error;
    } finally {
      this.reading = undefined;
    }
  }

  private drop(): void {
    this.dropped += this.kept.length;
    this.kept.length = 0;
    this.keptBytes = 0;
  }
}

/** Reads the body for one attempt. Not a generator, which would make two more promises for each chunk. */
class BodyReader implements AsyncIterableIterator<unknown, undefined> {
  private place = 0;

  constructor(private readonly body: StreamedBody) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const { place } = this;
    this.place += 1;
    return this.body.chunkAt(place);
  }
}

function sizeOf(chunk: unknown): number {
  return ArrayBuffer.isView(chunk) ? chunk.byteLength : String(chunk).length;
}

function iteratorOf(source: Source): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

const NO_BODY = new FixedBody(null);

/** Read from the start each time, although they are iterable. */
const READ_AGAIN: ReadonlySet<unknown> = new Set(['Blob', 'File', 'FormData']);

function isSource(body: unknown): body is Source {
  if (typeof body !== 'object' || body === null) return false;
  const known = body as Partial<AsyncIterable<unknown> & Iterable<unknown>> & Record<symbol, unknown>;
  if (READ_AGAIN.has(known[Symbol.toStringTag])) return false;
  if (known[Symbol.asyncIterator] !== undefined) return true;
  return known[Symbol.iterator] !== undefined && !ArrayBuffer.isView(body);
}

/** Makes the body of a call. @param keep whether chunks of a stream are kept, for a request that may be sent twice */
export function repeatableBody(body: unknown, keep: boolean): RepeatableBody {
  if (body === null || body === undefined) return NO_BODY;
  return isSource(body) ? new StreamedBody(body, keep) : new FixedBody(body);
}
