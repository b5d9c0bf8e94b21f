import { parseArguments } from './arguments.js';
import { completeUrl } from './registry-url.js';
import { SIDEKICKER_SYNTAX } from './sidekicker-syntax.js';

function complete(url: string, ...words: string[]): string | undefined {
  return completeUrl(url, parseArguments(SIDEKICKER_SYNTAX, words), { SIDEKICK_PASSWORD: 'p@ss/$&' });
}

describe('completeUrl', () => {
  it('adds the user, and replaces that of the URL', () => {
    expect(complete('etcd://h1:2379,h2:2379/p?ca=x', '-user', 'app')).toBe(
      'etcd://app:p%40ss%2F%24%26@h1:2379,h2:2379/p?ca=x',
    );
    expect(complete('etcd://root:secret@h1:2379', '-user', 'app')).toBe('etcd://app:p%40ss%2F%24%26@h1:2379');
  });
});
