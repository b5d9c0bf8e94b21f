import { type ElectionName } from '../../common/declared-names.js';
import { ON_DEPOSED } from './job-metadata.js';
import { onLeadership } from './on-elected.decorator.js';

/**
 * Calls the method each time this instance has lost or released its leadership, after the signals of the running jobs were
 * aborted. Using the decorator makes the instance a candidate. Errors are logged.
 *
 * For methods of singleton providers and controllers. A transient or request-scoped provider fails the boot.
 *
 * @param name Name of the election.
 * @default the name of the registered service
 * @throws InvalidOptionError while the class is loaded: `name` is not a valid name, or the decorator is not on an instance
 * method
 */
export function OnDeposed(name?: ElectionName): MethodDecorator {
  return onLeadership('OnDeposed', ON_DEPOSED, name);
}
