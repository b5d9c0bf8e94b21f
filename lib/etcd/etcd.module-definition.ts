import { ConfigurableModuleBuilder } from '@nestjs/common';
import { type EtcdModuleOptions } from './etcd-module-options.js';

/** Base class with `forRoot` and `forRootAsync`, and the injection token of the options. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<EtcdModuleOptions>({ moduleName: 'Etcd' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createEtcdOptions')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();
