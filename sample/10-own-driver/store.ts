/** The store of the sample. A real one runs on machines of its own, and keeps its data when it is restarted. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { entryKeyId, entryKeyOf, type RegistryEntry, type Scope } from 'nestjs-sidekick/registry';
import { type Requests, SESSION_GONE } from './protocol.js';

interface Session {
  readonly ttl: number;
  expires: number;
}

type Handlers = { [Name in keyof Requests]: (request: Requests[Name][0]) => Requests[Name][1] | undefined };

/** Starts the store at a local port; 0 is any free one. */
export async function startStore(port: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const store = new Store();
  const server = createServer((request, response) => {
    const handler = store.handlers[(request.url ?? '').slice(1) as keyof Requests] as
      ((body: unknown) => object | undefined) | undefined;
    void json(request).then(
      (body) => {
        const answer = handler?.(body);
        response.statusCode = answer ? 200 : handler ? SESSION_GONE : 404;
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer ?? {}));
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${actual}`, stop };
}

/** Entries by their key, each bound to a session that expires. */
class Store {
  private readonly sessions = new Map<string, Session>();
  private readonly entries = new Map<string, RegistryEntry>();
  private versions = 0;

  readonly handlers: Handlers = {
    open: ({ ttl }) => {
      const session = randomUUID();
      this.sessions.set(session, { ttl, expires: performance.now() + ttl * 1_000 });
      return { session, ttl };
    },
    renew: ({ session }) => {
      const alive = this.alive(session);
      if (!alive) return undefined;
      alive.expires = performance.now() + alive.ttl * 1_000;
      return { ttl: alive.ttl, missing: [] };
    },
    write: ({ session, record, version }) => {
      if (!this.alive(session)) return undefined;
      const id = entryKeyId(entryKeyOf(record));
      const current = this.entries.get(id);
      if (current?.version !== version) return { ok: false, current };
      this.versions += 1;
      this.entries.set(id, { record, version: String(this.versions), owner: session });
      return { ok: true, version: String(this.versions) };
    },
    remove: ({ session, entryKey, version }) => {
      const current = this.entries.get(entryKeyId(entryKey));
      if (current?.owner === session && (version === undefined || current.version === version))
        this.entries.delete(entryKeyId(entryKey));
      return {};
    },
    end: ({ session }) => {
      this.forget(session);
      return {};
    },
    list: ({ scope }) => ({
      entries: [...this.entries.values()].filter((entry) => this.isIn(scope, entry)),
    }),
  };

  private isIn(scope: Scope, { record, owner }: RegistryEntry): boolean {
    if (owner === undefined || !this.alive(owner)) return false;
    if (scope.kind !== 'service') return entryKeyId(entryKeyOf(record)) === entryKeyId(scope);
    return record.kind === 'instance' && record.instance.service === scope.service;
  }

  private alive(id: string): Session | undefined {
    const session = this.sessions.get(id);
    if (session && session.expires < performance.now()) this.forget(id);
    return this.sessions.get(id);
  }

  private forget(session: string): void {
    this.sessions.delete(session);
    for (const [id, { owner }] of this.entries) if (owner === session) this.entries.delete(id);
  }
}
