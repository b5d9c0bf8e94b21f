import { ConfigurableModuleBuilder } from '@nestjs/common';
import { type EtcdModuleOptions } from './etcd-module-options.js';

/** `forRoot`, `forRootAsync` and the token of the options, as Nest builds them. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<EtcdModuleOptions>({ moduleName: 'Etcd' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createEtcdOptions')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();
