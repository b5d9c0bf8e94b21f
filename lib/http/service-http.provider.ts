import { type FactoryProvider } from '@nestjs/common';
import { systemClock } from '../common/clock.js';
import { bareModuleError } from '../nest/root-module.js';
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
    if (!options) throw bareModuleError('ServiceHttpModule', 'the imports');
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
