import { type ClientTls } from './http.js';

/** Files a server shows and trusts. With `ca` it demands a client certificate. */
export interface ServerTlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** How a server is set up with TLS, and how the harness itself reaches it: as PEM texts, and as files for `etcdctl`. */
export interface HarnessTls {
  readonly server: ServerTlsFiles;
  readonly client: ClientTls;
  readonly clientFiles: { readonly ca: string; readonly cert: string; readonly key: string };
}
