import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import { type Duplex } from 'node:stream';
import { type ProxyTunnel } from '../../common/tls/proxy-tunnel.js';
import { TlsIdentity } from '../../common/tls/tls-identity.js';
import { serverNameOptions } from '../../common/tls/server-name-options.js';
import { type ConsulTlsOptions } from './options.js';

/** Reads the certificate files again for each new connection, so that certificates can be replaced. */
class IdentityAgent extends Agent {
  private destroyed = false;

  constructor(
    options: AgentOptions,
    private readonly identity: TlsIdentity,
    private readonly tunnel: ProxyTunnel | undefined,
  ) {
    // A resumed TLS session would keep the certificates of its first handshake.
    super({ ...options, maxCachedSessions: 0 });
  }

  override createConnection(
    options: RequestOptions,
    callback: (error: Error | null, socket: Duplex) => void = () => undefined,
  ): undefined {
    const fail = (error: unknown): void => {
      callback(error as Error, undefined as unknown as Duplex);
    };
    const connect = async (): Promise<void> => {
      await this.identity.refresh();
      const tunnel = await this.tunnel?.open();
      if (this.destroyed) {
        tunnel?.destroy();
        throw new Error('The connection was closed.');
      }
      const through = tunnel && { socket: tunnel };
      const socket = super.createConnection({ ...options, ...this.identity.current, ...through });
      if (socket) callback(null, socket);
    };
    connect().catch(fail);
  }

  override destroy(): void {
    this.destroyed = true;
    this.tunnel?.close();
    super.destroy();
  }
}

/**
 * Creates an HTTPS agent with its own connection pool.
 *
 * @param tunnel the proxy tunnel of its connections; closed with the agent
 * @throws InvalidOptionError when a file cannot be read or has no PEM block, or a certificate does not match its key
 */
export async function tlsAgent(
  options: AgentOptions,
  tls: ConsulTlsOptions,
  tunnel?: ProxyTunnel,
): Promise<Agent> {
  const { ca, cert, key, serverName, verify = true } = tls;
  const identity = await TlsIdentity.load({ ca, cert, key });
  return new IdentityAgent(
    { ...options, rejectUnauthorized: verify, ...serverNameOptions(serverName) },
    identity,
    tunnel,
  );
}
