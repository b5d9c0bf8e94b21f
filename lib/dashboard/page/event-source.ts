import type { RowsMessage } from '../rows.js';

/** What the connection to the server is doing. */
export type ConnectionState =
  | { readonly name: 'connecting' }
  | { readonly name: 'open' }
  | { readonly name: 'waiting'; readonly reason: string; readonly retryAt: number }
  | { readonly name: 'forbidden'; readonly status: number };

const EVENTS = 'text/event-stream';

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 10_000;

/** Without a byte for this long the connection is taken for dead: the server sends a comment every 15 s. */
const SILENCE_MS = 40_000;

/**
 * Reads the event stream and reconnects. It uses fetch, since the browser's own EventSource cannot send an
 * Authorization header.
 */
export class EventStream {
  private retryMs = FIRST_RETRY_MS;
  private wake: (() => void) | undefined;

  constructor(
    private readonly url: string,
    private readonly onState: (state: ConnectionState) => void,
    private readonly onMessage: (message: RowsMessage) => void,
    private token: string | undefined,
  ) {}

  /** Connects again at once, with another token. */
  use(token: string): void {
    this.token = token;
    this.wake?.();
  }

  /** Reads for ever. */
  async run(): Promise<never> {
    for (;;) {
      this.onState({ name: 'connecting' });
      const end = await this.read().catch((error: unknown) => reasonOf(error));
      if (typeof end === 'number') {
        this.onState({ name: 'forbidden', status: end });
        await new Promise<void>((resolve) => (this.wake = resolve));
        this.wake = undefined;
        continue;
      }
      this.onState({ name: 'waiting', reason: end, retryAt: Date.now() + this.retryMs });
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, this.retryMs);
      });
      this.wake = undefined;
      this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
    }
  }

  /** Reads one connection to its end. Returns why it ended: a status when the server wants a token. */
  private async read(): Promise<string | number> {
    const abort = new AbortController();
    let silence = setTimeout(() => {
      abort.abort();
    }, SILENCE_MS);
    try {
      const headers: Record<string, string> = { accept: EVENTS };
      if (this.token) headers.authorization = `Bearer ${this.token}`;
      const response = await fetch(this.url, { headers, signal: abort.signal, cache: 'no-store' });
      if (response.status === 401 || response.status === 403) return response.status;
      if (!response.ok || !response.body) return `The server answered ${response.status}.`;
      const type = response.headers.get('content-type') ?? '';
      if (!type.startsWith(EVENTS))
        return `Got ${type || 'an answer without a type'} instead of events, as from the sign-in page of a proxy: reload this page to sign in again.`;
      this.onState({ name: 'open' });
      this.retryMs = FIRST_RETRY_MS;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let buffer = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return 'The server closed the connection.';
        clearTimeout(silence);
        silence = setTimeout(() => {
          abort.abort();
        }, SILENCE_MS);
        const events = (buffer + value).split('\n\n');
        buffer = events.pop() ?? '';
        for (const event of events)
          if (event.startsWith('data: ')) this.onMessage(JSON.parse(event.slice(6)) as RowsMessage);
      }
    } finally {
      clearTimeout(silence);
      abort.abort();
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'AbortError') return 'The server has been silent.';
  // The same error for a redirect to another host.
  return 'The server cannot be reached (or a proxy redirects to its sign-in page: then reload this page).';
}
