export {
  type AxiosAdapterOption,
  type DispatchInterceptor,
  type FetchDispatcher,
  ServiceHttp,
  type ServiceFetchInit,
} from './service-http.js';
export { ServiceHttpModule } from './service-http.module.js';
export {
  type ServiceHttpModuleOptions,
  type ServiceHttpOptionsFactory,
  type ServiceRequestOptions,
} from './service-http.options.js';
export { type HedgeOptions } from './undici/service-request.js';
