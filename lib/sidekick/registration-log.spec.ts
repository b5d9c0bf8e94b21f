import { RegistrationLog } from './registration-log.js';

describe('RegistrationLog', () => {
  const lines: string[] = [];
  const add = (line: unknown): void => void lines.push(String(line));
  let log: RegistrationLog;

  beforeEach(() => {
    lines.length = 0;
    log = new RegistrationLog({ log: add, warn: add, error: add }, 'memory:');
  });

  it('says what was registered, and that it is deregistered', () => {
    log.describe('web/one', 'service "web" as "one" at 10.0.0.1:80');
    log.log({ type: 'alive', key: 'web/one' });
    log.log({ type: 'stopped', key: 'web/one' });
    expect(lines).toEqual([
      'Registered service "web" as "one" at 10.0.0.1:80 in memory:.',
      'Deregistered "web/one".',
    ]);
  });

  it('does not claim to deregister what this process never registered', () => {
    log.log({ type: 'stopped', key: 'web/one' });
    expect(lines).toEqual(['Stopped registering "web/one", which this process never registered.']);
  });

  it.each([
    [
      'expired',
      'no renewal was acknowledged for a whole TTL. It is registered again as soon as the registry answers.',
    ],
    ['revoked', 'the registry ended its session. Registering it again.'],
    ['deleted', 'another client deleted it. Registering it again.'],
    ['overwritten', 'another client overwrote it. Registering it again.'],
    ['taken-over', 'a newer registration owns it. It is registered again when that one ends.'],
  ] as const)('explains why an entry was lost: %s', (reason, explanation) => {
    log.log({ type: 'lost', key: 'k', reason });
    expect(lines).toEqual([`Lost "k" (${reason}): ${explanation}`]);
  });

  it('does not claim to deregister an entry that was lost, or whose last renewal failed', () => {
    for (const event of [
      { type: 'lost', key: 'k', reason: 'expired' },
      { type: 'late', key: 'k' },
    ] as const) {
      log.log({ type: 'alive', key: 'k' });
      log.log(event);
      log.log({ type: 'stopped', key: 'k' });
      expect(lines.at(-1)).toBe('Stopped registering "k".');
    }
  });

  it('reports the deregistration of an entry that was restored', () => {
    log.log({ type: 'alive', key: 'k' });
    log.log({ type: 'lost', key: 'k', reason: 'deleted' });
    log.log({ type: 'restored', key: 'k' });
    log.log({ type: 'stopped', key: 'k' });
    expect(lines.at(-1)).toBe('Deregistered "k".');
  });
});
