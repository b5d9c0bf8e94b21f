import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import { type Duplex } from 'node:stream';
import { type ProxyTunnel } from '../../common/tls/proxy-tunnel.js';
import { TlsIdentity } from '../../common/tls/tls-identity.js';
import { serverNameOptions } from '../../common/tls/server-name-options.js';
import { type ConsulTlsOptions } from './options.js';

/** Each new connection shows and trusts what the files hold by then, so that certificates can be replaced. */
class IdentityAgent extends Agent {
  private ended = false;

  constructor(
    options: AgentOptions,
    private readonly identity: TlsIdentity,
    private readonly tunnel: ProxyTunnel | undefined,
  ) {
    // A session that is resumed would bring the certificates of its beginning back.
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
      if (this.ended) {
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
    this.ended = true;
    this.tunnel?.close();
    super.destroy();
  }
}

/**
 * Makes an agent with connections of its own.
 *
 * @param tunnel what they go through, closed with the agent
 * @throws InvalidOptionError when a file cannot be read or holds no PEM block, or what is given does not fit together
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
