import { createHash } from 'node:crypto';

/**
 * Returns the value of `Content-Security-Policy` for a page with inline scripts and styles: those run by their hashes,
 * nothing else does, and the page can only ask its own server.
 *
 * @see https://www.w3.org/TR/CSP3/
 */
export function contentSecurityPolicy(html: string): string {
  return [
    `default-src 'none'`,
    `script-src ${hashes(html, 'script')}`,
    `style-src ${hashes(html, 'style')}`,
    `connect-src 'self'`,
    `img-src data:`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'self'`,
    `require-trusted-types-for 'script'`,
    `trusted-types lit-html`,
  ].join('; ');
}

function hashes(html: string, tag: 'script' | 'style'): string {
  const elements = [...html.matchAll(new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, 'gs'))];
  return elements
    .map(
      ([, text]) =>
        `'sha256-${createHash('sha256')
          .update(text ?? '')
          .digest('base64')}'`,
    )
    .join(' ');
}
