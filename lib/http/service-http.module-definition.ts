import { ConfigurableModuleBuilder } from '@nestjs/common';
import { type ServiceHttpModuleOptions } from './service-http.options.js';

/** Base class with `forRoot` and `forRootAsync`, and the injection token of the options. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<ServiceHttpModuleOptions>({ moduleName: 'ServiceHttp' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createServiceHttpOptions')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();
