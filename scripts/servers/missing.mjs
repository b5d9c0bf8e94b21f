import { CATALOGUE } from './catalogue.mjs';

/** A server that the tests need is not there and could not be fetched. */
export class ServerMissingError extends Error {
  /** @param {ReadonlyMap<string, readonly string[]>} tried what was tried, by the server's name in the catalogue */
  constructor(tried) {
    const parts = [...tried].map(([name, attempts]) => {
      const { env, command, package: debian, wanted } = CATALOGUE[name];
      const ways = [
        `  - set ${env} to the path of the program`,
        ...(command ? [`  - or put \`${command}\` on the PATH`] : []),
        `  - or, on Debian, install the package \`${debian}\``,
      ];
      return [`Expected ${wanted} for the tests, found none. To provide it:`, ...ways, '  What was tried:']
        .concat(attempts.map((attempt) => `    ${attempt}`))
        .join('\n');
    });
    super(parts.join('\n\n'));
    this.name = 'ServerMissingError';
    this.code = 'SERVER_MISSING';
    this.servers = [...tried.keys()];
  }
}
