import { createParamDecorator, Inject } from '@nestjs/common';
import { checkName } from '../common/names.js';
import { servicePlace } from './service-place.js';
import { recordUsage } from './service-usage.js';
import { ServicePipe } from './service.pipe.js';
import { getServiceToken } from './service.token.js';

/** What `@Service` can stand on: a handler's parameter, a constructor's parameter, a property. */
export type ServiceDecorator = (target: object, key: string | symbol | undefined, index?: number) => void;

/** The pipe finds the endpoint; the factory only has to be there. */
const endpointParameter = createParamDecorator((name: string) => name);

/**
 * The others by name.
 *
 * On a parameter of a route, message or event handler: the next `Endpoint`, one for each call. On a constructor's
 * parameter or a property: the `ServiceHandle`. The name needs to be listed nowhere else.
 *
 * ```ts
 * @Controller()
 * class Orders {
 *   constructor(@Service('stock') private readonly stock: ServiceHandle) {}
 *
 *   @Get()
 *   list(@Service('billing') billing: Endpoint) {}
 * }
 * ```
 *
 * @throws InvalidOptionError when the class is loaded: when `name` cannot be the name of a service, when the decorator stands
 * elsewhere, and when the declared type shows that the other of the two is expected
 */
export function Service(name: string): ServiceDecorator {
  checkName('name', name);
  const inject = Inject(getServiceToken(name));
  const parameter = endpointParameter(name, ServicePipe);
  return (target, key, index) => {
    const place = servicePlace(name, target, key, index);
    recordUsage(name, place === 'handler' ? 'endpoint' : 'handle', target, key);
    if (place === 'property' && key !== undefined) inject(target, key);
    else if (index !== undefined) (place === 'handler' ? parameter : inject)(target, key, index);
  };
}
