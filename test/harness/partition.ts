import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { resetSocket } from './reset.js';

interface PeerLink {
  readonly client: Socket;
  readonly server: Socket;
  /** Index of the member that connected; undefined until it has sent its id. */
  from: number | undefined;
}

/**
 * The network between the members of one cluster: a proxy in front of every peer URL, which knows from the first
 * request of a connection which member is calling, and can therefore cut single pairs.
 */
export class PeerNetwork {
  private readonly listeners: Server[] = [];
  private readonly links: Set<PeerLink>[] = [];
  private readonly cuts = new Set<string>();
  private ids: readonly string[] = [];

  /** Opens a proxy in front of each peer port. @returns the ports for the members to advertise */
  async open(peerPorts: readonly number[]): Promise<number[]> {
    return await Promise.all(
      peerPorts.map(async (peerPort, to) => {
        const listener = createServer();
        this.listeners[to] = listener;
        this.links[to] = new Set();
        listener.on('connection', (client: Socket) => this.accept(client, to, peerPort));
        await new Promise<void>((resolve, reject) => {
          listener.once('error', reject);
          listener.listen({ port: 0, host: '127.0.0.1' }, resolve);
        });
        return (listener.address() as AddressInfo).port;
      }),
    );
  }

  /** Tells the network the members' ids in hexadecimal, in the order of the peer ports. Needed before the first cut. */
  introduce(ids: readonly string[]): void {
    this.ids = ids;
  }

  /** Cuts two members off from each other, both ways. */
  cut(a: number, b: number): void {
    if (this.ids.length === 0) throw new Error('The members have not been introduced to the network yet.');
    this.cuts.add(pair(a, b));
    for (const to of [a, b])
      for (const link of this.links[to] ?? []) if (this.isCut(link.from, to)) destroy(link);
  }

  /** Cuts one member off from all others. */
  isolate(member: number): void {
    for (let other = 0; other < this.listeners.length; other++) if (other !== member) this.cut(member, other);
  }

  /** Ends every cut. */
  heal(): void {
    this.cuts.clear();
  }

  /** Closes everything. */
  async stop(): Promise<void> {
    for (const links of this.links) for (const link of links) destroy(link);
    await Promise.all(
      this.listeners.map(async (listener) => {
        await new Promise<void>((resolve) => {
          listener.close(() => resolve());
        });
      }),
    );
  }

  private accept(client: Socket, to: number, peerPort: number): void {
    const server = connect({ port: peerPort, host: '127.0.0.1' });
    const link: PeerLink = { client, server, from: undefined };
    this.links[to]?.add(link);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => destroy(link));
      socket.on('close', () => {
        destroy(link);
        this.links[to]?.delete(link);
      });
    }
    let head = '';
    client.on('data', (bytes: Buffer) => {
      if (link.from === undefined) {
        // A connection that first carries a nameless probe is recognised by a later request on it.
        head = (head + bytes.toString('latin1')).slice(-4_096);
        link.from = this.caller(head);
      }
      if (this.isCut(link.from, to)) destroy(link);
      else if (!server.write(bytes)) client.pause();
    });
    server.on('drain', () => client.resume());
    server.on('data', (bytes: Buffer) => {
      if (this.isCut(link.from, to)) destroy(link);
      else if (!client.write(bytes)) server.pause();
    });
    client.on('drain', () => server.resume());
  }

  private caller(head: string): number | undefined {
    const id = /^x-server-from: *([0-9a-f]+)\r$/im.exec(head)?.[1]?.toLowerCase();
    const index = id === undefined ? -1 : this.ids.indexOf(id);
    return index < 0 ? undefined : index;
  }

  /**
   * A connection whose caller is not known is cut as long as any cut touches its target: it may carry the messages of
   * the member that is to be kept out.
   */
  private isCut(from: number | undefined, to: number): boolean {
    if (this.cuts.size === 0) return false;
    if (from !== undefined) return this.cuts.has(pair(from, to));
    return this.ids.some((_, other) => this.cuts.has(pair(other, to)));
  }
}

function pair(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}

function destroy(link: PeerLink): void {
  resetSocket(link.client);
  resetSocket(link.server);
}
