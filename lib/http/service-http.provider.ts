import { type FactoryProvider } from '@nestjs/common';
import { systemClock } from '../common/clock.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { missingModuleError } from '../piloted/missing-module.error.js';
import { ServiceHandles } from '../piloted/service-handles.js';
import { Routes } from './routes.js';
import { checkModuleOptions } from './http-options.js';
import { MODULE_OPTIONS_TOKEN } from './service-http.module-definition.js';
import { type ServiceHttpModuleOptions } from './service-http.options.js';
import { ServiceHttp } from './service-http.js';

/** Creates the application's client. */
export const serviceHttpProvider: FactoryProvider<ServiceHttp> = {
  provide: ServiceHttp,
  inject: [
    { token: MODULE_OPTIONS_TOKEN, optional: true },
    { token: ServiceHandles, optional: true },
  ],
  useFactory: (options?: ServiceHttpModuleOptions, handles?: ServiceHandles) => {
    if (!options)
      throw new InvalidOptionError(
        'Expected ServiceHttpModule.forRoot() or forRootAsync() in the imports, got the class ServiceHttpModule itself. Import ServiceHttpModule.forRoot() in the root module; it is global.',
      );
    checkModuleOptions(options);
    const { passThrough = false, timeout } = options;
    if (!handles) throw missingModuleError('ServiceHttpModule');
    return new ServiceHttp({
      routes: new Routes(handles, passThrough),
      clock: systemClock,
      timeout,
    });
  },
};
