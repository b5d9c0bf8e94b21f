import { InvalidOptionError } from '../common/errors/index.js';
import { DEFAULT_REGISTRY, REGISTRY_VARIABLE } from '../registries/registry-url.js';
import { type Arguments } from './arguments.js';
import { type Option } from './syntax.js';

/** Environment variables with secrets, which other users of the machine can read in a command line. */
const PASSWORD_VARIABLE = 'SIDEKICK_PASSWORD';
const TOKEN_VARIABLE = 'SIDEKICK_TOKEN';

/** Options for TLS and credentials. They complete the URL, which can have all of them too. */
export const CREDENTIAL_OPTIONS = {
  ca: { value: 'FILE', about: 'certificate authority of the registry (etcd, Consul); switches TLS on' },
  cert: { value: 'FILE', about: 'client certificate' },
  'cert-key': { value: 'FILE', about: 'private key of the client certificate' },
  user: {
    value: 'NAME',
    about: `etcd user; its password is in the environment variable ${PASSWORD_VARIABLE}`,
  },
  'token-file': {
    value: 'FILE',
    about: `file with Consul's ACL token; or the environment variable ${TOKEN_VARIABLE}`,
  },
} as const satisfies Record<string, Option>;

type Environment = Readonly<Record<string, string | undefined>>;

/** `http://a:2379,http://b:2379` as `etcd://a:2379,b:2379`. */
function withScheme(url: string): string {
  if (!/^https?:/i.test(url)) return url;
  const scheme = /^https:/i.test(url) ? 'etcds' : 'etcd';
  return `${scheme}://${url.replace(/https?:\/\//gi, '').replace(/\/+(?=,|$)/g, '')}`;
}

function withCredentials(url: string, user: string, env: Environment): string {
  const password = env[PASSWORD_VARIABLE];
  if (password === undefined || password === '')
    throw new InvalidOptionError(
      `Expected the environment variable ${PASSWORD_VARIABLE} with the password of \`user\`.`,
    );
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  // In place of those of the URL: with both, the URL's would become a part of the password.
  return url.replace(/:\/\/(?:[^/?#]*@)?/, () => `://${credentials}@`);
}

/**
 * The URL of the registry, completed by the options for TLS and credentials.
 *
 * @param url the URL that is given; the environment variable `SIDEKICK_REGISTRY` if left out
 * @throws InvalidOptionError when an option does not fit the registry
 */
export function completeUrl(url: string | undefined, args: Arguments, env: Environment): string | undefined {
  const user = args.text('user');
  const tls = { ca: args.text('ca'), cert: args.text('cert'), key: args.text('cert-key') };
  const tokenFile = args.text('token-file');
  const token = tokenFile === undefined ? env[TOKEN_VARIABLE] : undefined;
  const given = [user, tokenFile, ...Object.values(tls)].some((value) => value !== undefined);
  const fromEnvironment = env[REGISTRY_VARIABLE]?.trim() ?? '';
  const base = withScheme(url ?? (fromEnvironment === '' ? DEFAULT_REGISTRY : fromEnvironment));
  const isEtcd = /^etcds?:/i.test(base);
  const isConsul = /^consuls?:/i.test(base);
  if (!given && !(isConsul && token)) return url;
  if (!isEtcd && !isConsul)
    throw new InvalidOptionError(
      'Expected an etcd:// or consul:// registry with options for TLS and credentials.',
    );
  if (user !== undefined && !isEtcd)
    throw new InvalidOptionError('Expected an etcd:// registry with `user`; Consul takes `token-file`.');
  if (tokenFile !== undefined && !isConsul)
    throw new InvalidOptionError('Expected a consul:// registry with `token-file`; etcd takes `user`.');
  const hasTls = Object.values(tls).some((value) => value !== undefined);
  let complete = hasTls ? base.replace(/^(etcd|consul):/i, '$1s:') : base;
  if (user !== undefined) complete = withCredentials(complete, user, env);
  const parameters = { ...tls, tokenFile, ...(isConsul && !/[?&]token(File)?=/.test(base) ? { token } : {}) };
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === '') continue;
    complete += `${complete.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
  }
  return complete;
}
