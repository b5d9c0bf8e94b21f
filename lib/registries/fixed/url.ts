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
 * The source behind `fixed:web=10.0.0.1:80,10.0.0.2:80;api=[::1]:81`. Percent escapes in names are decoded, so that a
 * name can hold `=`, `,` and `;` too.
 *
 * @throws InvalidOptionError when the text is not of that form
 */
export function fixedFromUrl(url: string): RegistrySource {
  // Names that hold these are escaped, so that options nobody knows are not taken for instances.
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
