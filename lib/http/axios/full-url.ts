import { expected } from '../../common/expected.js';
import { type AxiosConfig } from './axios-types.js';

const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;

/** The URL of a request, made of `baseURL` and `url` as axios does it. */
export function fullUrl({ url = '', baseURL, allowAbsoluteUrls }: AxiosConfig): string {
  if (!baseURL || (ABSOLUTE.test(url) && allowAbsoluteUrls !== false)) return url;
  return url === '' ? baseURL : `${baseURL.replace(/\/?\/$/, '')}/${url.replace(/^\/+/, '')}`;
}

/**
 * The origin of a URL that a service may have; undefined for another scheme, such as `data:`, which is axios's own affair.
 *
 * @throws InvalidOptionError when the URL is not absolute
 */
export function originOf(url: string): string | undefined {
  if (!URL.canParse(url))
    throw expected('url', 'an absolute URL such as http://appserver/path, or a path below a `baseURL`', url);
  const { protocol, origin } = new URL(url);
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}
