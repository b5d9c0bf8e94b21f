import { InvalidOptionError, RegistryRefusedError } from '../../common/errors/index.js';
import { silentLogger } from '../../common/logger.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { describeRegistryContract } from '../../registry/contract/index.js';
import { fixed, type FixedServices } from './fixed.js';
import { fixedFromUrl } from './url.js';

const deps = () => ({ clock: new VirtualClock(), random: Math.random, logger: silentLogger });

describeRegistryContract({
  name: 'fixed',
  capabilities: { write: false, keys: false },
  content: { service: 'web', instances: 2 },
  open: async () => {
    const source = fixedFromUrl('fixed:web=10.0.0.1:80,10.0.0.2:80;api=[2001:db8::1]:81');
    const shared = deps();
    return {
      connect: () => source.open(shared),
      advance: (ms: number) => shared.clock.advance(ms),
      close: async () => expect(shared.clock.pending).toBe(0),
    };
  },
});

describe('fixed', () => {
  const list = async (source: ReturnType<typeof fixed>, service: string) => {
    const registry = await source.open(deps());
    const { entries } = await registry.list({ kind: 'service', service }, new AbortController().signal);
    return entries.map(({ record }) => record.kind === 'instance' && record.instance);
  };

  it('parses a URL and fills in the defaults', async () => {
    const source = fixedFromUrl('fixed:my%3Dweb=web.example.org:80,[::1]:81');
    await expect(list(source, 'my=web')).resolves.toMatchObject([
      { service: 'my=web', id: 'web.example.org:80', address: 'web.example.org', port: 80, weight: 1 },
      { id: '[::1]:81', address: '::1', port: 81 },
    ]);
  });

  it('accepts the optional fields of an instance', async () => {
    const source = fixed({
      web: ['10.0.0.1:80', { id: 'b', address: '10.0.0.2', port: 81, weight: 3, zone: 'z' }],
    });
    await expect(list(source, 'web')).resolves.toMatchObject([
      { id: '10.0.0.1:80' },
      { id: 'b', weight: 3, zone: 'z', tags: [] },
    ]);
  });

  it('accepts service names that are properties of Object.prototype', async () => {
    await expect(list(fixed({ web: [] }), 'constructor')).resolves.toEqual([]);
    await expect(list(fixedFromUrl('fixed:__proto__=10.0.0.1:80'), '__proto__')).resolves.toHaveLength(1);
  });

  it('has the same identity for the same instances only', () => {
    expect(fixed({ web: ['a:1'] }).identity).toBe(fixedFromUrl('fixed:web=a:1').identity);
    expect(fixed({ web: ['a:1'] }).identity).not.toBe(fixed({ web: ['a:2'] }).identity);
  });

  it('refuses a session and names registries that accept registrations', async () => {
    const registry = await fixed({ web: [] }).open(deps());
    await expect(registry.openSession({ ttl: 10 }, new AbortController().signal)).rejects.toThrow(
      new RegistryRefusedError(
        'The registry fixed:web is read-only: its instances are fixed. To register, use another registry, such as file: or etcd://host:2379.',
      ),
    );
  });

  it.each([
    'fixed:',
    'fixed:web',
    'fixed:web=',
    'fixed:=10.0.0.1:80',
    'fixed:web=10.0.0.1',
    'fixed:web=10.0.0.1:0',
    'fixed:web=10.0.0.1:65536',
    'fixed:web=10.0.0.256:80',
    'fixed:web=10.0.0.1:80,',
    'fixed:web=10.0.0.1:80;',
    'fixed:web=10.0.0.1:80;web=10.0.0.2:80',
    'fixed:web=10.0.0.1:80,10.0.0.1:80',
    'fixed:%zz=10.0.0.1:80',
  ])('rejects %s in one sentence', (url) => {
    expect(() => fixedFromUrl(url)).toThrow(InvalidOptionError);
    expect(() => fixedFromUrl(url)).toThrow(/^Expected .*, got .*\.$/);
  });

  it.each([
    [null],
    [{ web: '10.0.0.1:80' }],
    [{ web: [null] }],
    [{ web: [{ address: '10.0.0.1' }] }],
    [{ web: [{ address: '10.0.0.1', port: 80, weight: -1 }] }],
    [{ web: [{ address: '10.0.0.1', port: 80, tags: [1] }] }],
    [{ web: [{ address: '10.0.0.1', port: 80, meta: { a: 1 } }] }],
    [{ '': ['10.0.0.1:80'] }],
  ])('rejects %j', (services) => {
    expect(() => fixed(services as unknown as FixedServices)).toThrow(InvalidOptionError);
  });
});
