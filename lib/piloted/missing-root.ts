import { InvalidOptionError } from '../common/errors/index.js';

/** The error of an application that uses discovery and has forgotten its module. @param what needs it */
export function missingRoot(what: string): InvalidOptionError {
  return new InvalidOptionError(
    `${what} needs PilotedModule, which the application does not import. Add PilotedModule.forRoot() to the imports of the root module.`,
  );
}
