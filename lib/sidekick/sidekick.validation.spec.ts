import { InvalidOptionError } from '../common/errors/index.js';
import { checkSidekickOptions } from './sidekick.validation.js';

describe('checkSidekickOptions', () => {
  it.each([
    [{ config: null }, "Expected `config` to be a path, or '' for the environment variable"],
    [{ service: { name: 'web', address: null } }, 'Expected `service.address` to be an IP address'],
    [{ service: { name: 'web', interfaces: null } }, 'Expected `service.interfaces` to be an array'],
    [
      { service: { name: 'web', tags: null } },
      'Expected `service.tags` to be an array of strings, got null.',
    ],
    [
      { key: 'k', updateInterval: 0 },
      'interval must be at least 1 second: expected `updateInterval` to be a number of seconds from 1 to 2000000, got 0.',
    ],
    [{ service: { name: 'web', zone: null } }, 'Expected `service.zone` to be a string, got null.'],
  ])(
    'names the option and its value, also where an empty value of YAML makes it null: %j',
    (options, sentence) => {
      const check = (): void => {
        checkSidekickOptions(options as never);
      };
      expect(check).toThrow(InvalidOptionError);
      expect(check).toThrow(sentence);
    },
  );

  it('takes null for left out where the default then applies', () => {
    const options = { ttl: null, drain: null, logger: null, service: { name: 'web', id: null, port: null } };
    expect(() => {
      checkSidekickOptions(options as never);
    }).not.toThrow();
  });
});
