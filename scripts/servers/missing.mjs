import { CATALOGUE } from './catalogue.mjs';

/** A server for the tests is missing and could not be downloaded. */
export class ServerMissingError extends Error {
  /** @param {ReadonlyMap<string, readonly string[]>} tried the failed attempts, by the server's name in the catalogue */
  constructor(tried) {
    const parts = [...tried].map(([name, attempts]) => {
      const { env, command, package: debian, wanted } = CATALOGUE[name];
      const ways = [
        `  - set ${env} to the path of the program`,
        ...(command ? [`  - or put \`${command}\` on the PATH`] : []),
        `  - or, on Debian, install the package \`${debian}\``,
      ];
      return [`Expected ${wanted} for the tests, found none. To provide it:`, ...ways, '  Attempts:']
        .concat(attempts.map((attempt) => `    ${attempt}`))
        .join('\n');
    });
    super(parts.join('\n\n'));
    this.name = 'ServerMissingError';
    this.code = 'SERVER_MISSING';
    this.servers = [...tried.keys()];
  }
}
