import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { consul } from '../../../lib/registries/consul/index.js';
import { etcd } from '../../../lib/etcd/index.js';
import { type RegistrySource } from '../../../lib/index.js';
import { type TlsSet } from '../../harness/certificates.js';
import { startConsul } from '../../harness/consul.js';
import { startEtcd } from '../../harness/etcd.js';
import { sleep, until } from '../../harness/wait.js';

/** The TLS options of a client, as PEM strings or as paths. */
export interface Given {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

export interface Server {
  readonly port: number;
  /** Makes new connections show the certificate that its file holds now. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

export interface Kind {
  readonly name: 'etcd' | 'consul';
  start(tls?: TlsSet['harness']): Promise<Server>;
  byFunction(port: number, tls: Given | undefined): RegistrySource;
}

export const KINDS: readonly Kind[] = [
  {
    name: 'etcd',
    start: async (tls) => {
      const cluster = await startEtcd(tls ? { tls } : {});
      // etcd reads its certificate again for every handshake.
      return { port: cluster.members[0]!.port, reload: async () => undefined, stop: () => cluster.stop() };
    },
    byFunction: (port, tls) =>
      etcd({ endpoints: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, ...(tls && { tls }) }),
  },
  {
    name: 'consul',
    start: async (tls) => {
      // One that keeps its data: the services of any other are gone after it has read its configuration again.
      const agent = await startConsul(tls ? { tls, persistent: true } : {});
      const reload = async (): Promise<void> => {
        process.kill(agent.pid, 'SIGHUP');
        if (tls) await until('the certificate', async () => (await shown(agent.port, tls)) === stored(tls));
        // It loads its services after the certificate.
        await sleep(500);
      };
      return { port: agent.port, reload, stop: () => agent.stop() };
    },
    byFunction: (port, tls) => consul({ port, secure: tls !== undefined, ...(tls && { tls }) }),
  },
];

function stored({ server }: TlsSet['harness']): string {
  return new X509Certificate(readFileSync(server.cert)).fingerprint256;
}

/** The fingerprint of the certificate that a new connection gets. */
async function shown(port: number, { client }: TlsSet['harness']): Promise<string> {
  const options = { ...client, port, host: '127.0.0.1', rejectUnauthorized: false };
  return await new Promise((resolve, reject) => {
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    }).on('error', reject);
  });
}

export function byUrl({ name }: Kind, port: number, tls: Given | undefined): string {
  const query = new URLSearchParams({ ...tls }).toString();
  return `${name}${tls ? 's' : ''}://127.0.0.1:${port}${query === '' ? '' : `?${query}`}`;
}

export interface Pems extends Given {
  readonly files: Given;
}

/** The same certificates as texts and as files. */
export async function both(set: TlsSet, name: string, { ca, cert, key }: Given): Promise<Pems> {
  const file = async (kind: string, pem: string | undefined): Promise<object> =>
    pem === undefined ? {} : { [kind]: await set.file(`${name}-${kind}.pem`, pem) };
  const files = {
    ...(await file('ca', ca)),
    ...(await file('cert', cert)),
    ...(await file('key', key)),
  };
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    files,
  };
}
