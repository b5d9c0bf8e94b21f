import { type AxiosConfig } from './axios-types.js';

const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;

/** The URL of a request, made of `baseURL` and `url` as axios does it. */
export function fullUrl({ url = '', baseURL, allowAbsoluteUrls }: AxiosConfig): string {
  if (!baseURL || (ABSOLUTE.test(url) && allowAbsoluteUrls !== false)) return url;
  return url === '' ? baseURL : `${baseURL.replace(/\/?\/$/, '')}/${url.replace(/^\/+/, '')}`;
}
