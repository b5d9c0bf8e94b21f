import { expected } from '../../common/expected.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { fixed } from './fixed.js';

const FORM = '`fixed:service=host:port,host:port;service=host:port`';

function decoded(name: string, url: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw expected('registry', `${FORM} with well-formed percent escapes in names`, url);
  }
}

/**
 * Parses `fixed:web=10.0.0.1:80,10.0.0.2:80;api=[::1]:81`. Percent escapes in names are decoded, so that a name may
 * contain `=`, `,` and `;`.
 *
 * @throws InvalidOptionError when the URL has another form
 */
export function fixedFromUrl(url: string): RegistrySource {
  // Names must escape these characters, so that unknown options are not parsed as instances.
  if (/[?#]/.test(url)) throw expected('registry', `${FORM}, without options`, url);
  const services = new Map<string, readonly string[]>();
  for (const part of url.slice('fixed:'.length).split(';')) {
    const [, name, list] = /^([^=]+)=(.+)$/.exec(part) ?? [];
    if (name === undefined || list === undefined) throw expected('registry', FORM, url);
    const service = decoded(name, url);
    if (services.has(service)) throw expected('registry', `${FORM} that names "${service}" once`, url);
    services.set(service, list.split(','));
  }
  return fixed(Object.fromEntries(services));
}
