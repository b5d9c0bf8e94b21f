import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import forge from 'node-forge';
import { type ClientTls } from './http.js';
import { removeFolder, tempFolder } from './temp.js';
import { type HarnessTls } from './tls.js';

const DAY = 86_400_000;

/** A certificate with its key, as PEM texts. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  readonly commonName: string;
  /** For servers: the names and IP addresses it is valid for. */
  readonly hosts?: readonly string[];
  /** Whether it ended yesterday. */
  readonly expired?: boolean;
}

/** A certificate authority for tests. */
export class CertificateAuthority {
  private serial = 1;

  private constructor(
    private readonly commonName: string,
    private readonly keys: forge.pki.rsa.KeyPair,
    private readonly certificate: forge.pki.Certificate,
  ) {}

  static create(commonName: string): CertificateAuthority {
    const keys = newKeys();
    const certificate = blank(keys.publicKey, '01', commonName, commonName, false);
    certificate.setExtensions([
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
      { name: 'subjectKeyIdentifier' },
    ]);
    certificate.sign(keys.privateKey, forge.md.sha256.create());
    return new CertificateAuthority(commonName, keys, certificate);
  }

  /** Its own certificate, as a PEM text. */
  get pem(): string {
    return forge.pki.certificateToPem(this.certificate);
  }

  /** Makes a certificate that is good for servers and clients alike. */
  issue({ commonName, hosts = [], expired = false }: IssueOptions): KeyPair {
    const keys = newKeys();
    const serial = (++this.serial).toString(16).padStart(2, '0');
    const certificate = blank(keys.publicKey, serial, commonName, this.commonName, expired);
    certificate.setExtensions([
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      ...(hosts.length === 0 ? [] : [{ name: 'subjectAltName', altNames: hosts.map(altName) }]),
    ]);
    certificate.sign(this.keys.privateKey, forge.md.sha256.create());
    return { cert: forge.pki.certificateToPem(certificate), key: forge.pki.privateKeyToPem(keys.privateKey) };
  }
}

/** Certificates for one test: a server with its authority, and clients good and bad. */
export interface TlsSet {
  /** For `startEtcd({ tls })` and `startConsul({ tls })`. */
  readonly harness: HarnessTls;
  /** The files of a client whose certificate is valid. */
  readonly good: ClientTls;
  /** The authority's certificate alone: a client that shows none of its own. */
  readonly anonymous: ClientTls;
  /** A client that trusts another authority, and whose certificate comes from there. */
  readonly wrong: ClientTls;
  /** A client whose certificate ended yesterday. */
  readonly expired: ClientTls;
  readonly authority: CertificateAuthority;
  /** Writes a PEM text to a file and returns its path. */
  file(name: string, pem: string): Promise<string>;
  remove(): Promise<void>;
}

export interface TlsSetOptions {
  /** Whether the server demands a client certificate; false by default. */
  readonly mutual?: boolean;
  /** Whether the server's own certificate ended yesterday; false by default. */
  readonly serverExpired?: boolean;
  /** The names in the server's certificate; 127.0.0.1 and localhost by default. */
  readonly hosts?: readonly string[];
}

/** Makes a set of certificates; takes about half a second, and a second where the keys are to be made. */
export async function createTlsSet(options: TlsSetOptions = {}): Promise<TlsSet> {
  const { mutual = false, serverExpired = false, hosts = ['127.0.0.1', 'localhost'] } = options;
  const folder = await tempFolder('tls');
  const file = async (name: string, pem: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, pem, { mode: 0o600 });
    return path;
  };
  const authority = CertificateAuthority.create('sidekick test authority');
  const stranger = CertificateAuthority.create('another authority');
  const server = authority.issue({ commonName: 'server', hosts, expired: serverExpired });
  const client = authority.issue({ commonName: 'client' });
  const ca = await file('ca.pem', authority.pem);
  const good: ClientTls = { ca: authority.pem, ...client };
  return {
    harness: {
      server: {
        cert: await file('server.pem', server.cert),
        key: await file('server-key.pem', server.key),
        ...(mutual ? { ca } : {}),
      },
      client: good,
      clientFiles: {
        ca,
        cert: await file('client.pem', client.cert),
        key: await file('client-key.pem', client.key),
      },
    },
    good,
    anonymous: { ca: authority.pem },
    wrong: { ca: stranger.pem, ...stranger.issue({ commonName: 'client' }) },
    expired: { ca: authority.pem, ...authority.issue({ commonName: 'client', expired: true }) },
    authority,
    file,
    remove: async () => await removeFolder(folder),
  };
}

/** The keys made so far, in this spec file. */
let made = 0;

/** Keys of tests, which later runs use again. */
const KEYS = fileURLToPath(new URL('../../.cache/keys', import.meta.url));

/**
 * Returns a key pair that differs from all others of this spec file. The first file that needs an n-th one makes it, the others
 * read it: making one takes 0.2 s of processor time.
 */
function newKeys(): forge.pki.rsa.KeyPair {
  made += 1;
  const privateKey = forge.pki.privateKeyFromPem(stored(join(KEYS, `${made}.pem`)));
  return { publicKey: forge.pki.setRsaPublicKey(privateKey.n, privateKey.e), privateKey };
}

/** Returns the key in a file, and writes a new one if there is none. */
function stored(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    const key = generate();
    mkdirSync(KEYS, { recursive: true });
    // Moved, so that no other worker reads half of it.
    const own = `${file}.${process.pid}`;
    writeFileSync(own, key, { mode: 0o600 });
    renameSync(own, file);
    return key;
  }
}

/** Made by Node itself, which is many times faster than JavaScript. */
function generate(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;
}

function blank(
  key: forge.pki.rsa.PublicKey,
  serial: string,
  subject: string,
  issuer: string,
  expired: boolean,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = key;
  certificate.serialNumber = serial;
  const now = Date.now();
  certificate.validity.notBefore = new Date(now - 2 * DAY);
  certificate.validity.notAfter = new Date(expired ? now - DAY : now + DAY);
  certificate.setSubject([{ name: 'commonName', value: subject }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer }]);
  return certificate;
}

function altName(host: string): { type: number; ip?: string; value?: string } {
  return /^[\d.]+$|:/.test(host) ? { type: 7, ip: host } : { type: 2, value: host };
}
