import { createHash } from 'node:crypto';
import { contentSecurityPolicy } from './content-security-policy.js';

const sha = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

it('allows the scripts and styles of the page by their hashes, and nothing else', () => {
  const policy = contentSecurityPolicy('<style>a{}</style><script type="module">\nlet $ = 1;</script>');
  expect(policy).toContain(`script-src ${sha('\nlet $ = 1;')};`);
  expect(policy).toContain(`style-src ${sha('a{}')};`);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
});
