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

  it('still reports the end of an entry that was lost before', () => {
    log.log({ type: 'alive', key: 'k' });
    log.log({ type: 'lost', key: 'k', reason: 'expired' });
    log.log({ type: 'stopped', key: 'k' });
    expect(lines.slice(1)).toEqual(['Lost "k" (expired).', 'Deregistered "k".']);
  });
});
