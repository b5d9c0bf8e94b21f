import { InvalidOptionError } from '../common/errors/index.js';
import { memory } from './memory/memory.js';
import { registrySource } from './registry-url.js';

const source = (input?: unknown, env: Record<string, string> = {}) => registrySource(input as string, env);

describe('registrySource', () => {
  it('accepts each scheme, in any case and with blanks around it', () => {
    expect(source(' MEMORY:name ').url).toBe('memory:name');
    expect(source('fixed:web=10.0.0.1:80').url).toBe('fixed:web');
  });

  it('returns the result of a driver function unchanged', () => {
    const given = memory();
    expect(source(given)).toBe(given);
  });

  it('returns the file registry if neither option nor environment variable is set', () => {
    for (const env of [{}, { SIDEKICK_REGISTRY: '' }, { SIDEKICK_REGISTRY: ' ' }])
      expect(source(undefined, env).url).toMatch(/^file:.*nestjs-sidekick-/);
  });

  it('accepts the list of etcd servers of Go sidekick', () => {
    const list = source('http://10.0.0.1:2379, http://10.0.0.2:2379/');
    expect(list.identity).toBe(source('etcd://10.0.0.1:2379,10.0.0.2:2379').identity);
    expect(source('https://10.0.0.1:2379').identity).toBe(source('etcds://10.0.0.1:2379').identity);
  });

  it('never shows a secret of the URL', () => {
    for (const url of ['etcd://user:canary@10.0.0.1:2379', 'consul://10.0.0.1:8500?token=canary'])
      expect(source(url).url).not.toContain('canary');
    expect(() => source('etcd://user:canary@10.0.0.1:2379?nothing=1')).not.toThrow(/canary/);
    expect(() => source('consul://10.0.0.1:8500?token=canary&nothing=1')).not.toThrow(/canary/);
  });

  it('reads the environment variable if the option is left out', () => {
    expect(source(undefined, { SIDEKICK_REGISTRY: 'memory:env' }).url).toBe('memory:env');
  });

  it('names the environment variable if its value is invalid', () => {
    expect(() => source(undefined, { SIDEKICK_REGISTRY: 'zookeeper://host' })).toThrow(
      /^Expected `SIDEKICK_REGISTRY` to be .*, got "zookeeper:\/\/host"\.$/,
    );
  });

  it('gives equal URLs the same identity, and each memory() another one', () => {
    expect(source('memory:a').identity).toBe(source('memory:a').identity);
    expect(source('memory:a').identity).not.toBe(source('memory:').identity);
    expect(memory().identity).not.toBe(memory().identity);
  });

  it.each([
    '',
    'memory',
    '://',
    'localhost:2379',
    'etc://host:2379',
    'memory:?x=1',
    'http://a:1,https://b:2',
    'http://a:1,b:2',
    'http://a:1/path',
  ])('refuses %j in one sentence', (url) => {
    expect(() => source(url)).toThrow(InvalidOptionError);
    expect(() => source(url)).toThrow(/^Expected `registry` to be .*, got .*\.$/);
  });

  it.each([null, 1, true, {}, []])('refuses %j', (input) => {
    expect(() => source(input)).toThrow(InvalidOptionError);
  });

  it.each([
    'redis://:canary@host:6379',
    'http://user:canary@a:1,https://user:canary@b:2',
    'x://user:canary@h/?token=canary&password=canary',
  ])('never prints the secret of %s', (url) => {
    expect(() => source(url)).not.toThrow(/canary/);
    expect(() => source(url)).toThrow(/\*\*\*/);
  });
});
