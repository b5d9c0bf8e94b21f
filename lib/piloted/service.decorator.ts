import { createParamDecorator, Inject } from '@nestjs/common';
import { type ServiceName } from '../common/declared-names.js';
import { checkName } from '../common/names.js';
import { servicePlace } from './service-place.js';
import { recordUsage } from './service-usage.js';
import { ServicePipe } from './service.pipe.js';
import { getServiceToken } from './piloted.tokens.js';

/** The type of `@Service`: a decorator of a handler's parameter, a constructor's parameter or a property. */
export type ServiceDecorator = (target: object, key: string | symbol | undefined, index?: number) => void;

/** `createParamDecorator` requires a factory, but {@link ServicePipe} replaces its value by the endpoint. */
const endpointParameter = createParamDecorator((name: string) => name);

/**
 * Injects a service by name. On a parameter of a route, message or event handler: the next `Endpoint`, picked for each
 * call. On a constructor's parameter or a property: the `ServiceHandle`.
 *
 * No further configuration is needed: using the decorator subscribes to the service.
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
 * @throws InvalidOptionError while the class is loaded: `name` is not a valid service name, the decorator is in another
 * place, or the declared type is that of the other place
 */
export function Service(name: ServiceName): ServiceDecorator {
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
