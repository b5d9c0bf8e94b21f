import { InvalidOptionError } from '../common/errors/index.js';

/** The error of an application that uses discovery without PilotedModule. @param what subject of the message */
export function missingModuleError(what: string): InvalidOptionError {
  return new InvalidOptionError(
    `${what} needs PilotedModule, which the application does not import. Add PilotedModule.forRoot() to the imports of the root module.`,
  );
}
