export {
  consul,
  type ConsulInitialStatus,
  type ConsulOptions,
  type ConsulTlsOptions,
  UnexpectedAnswerError,
} from '../registry/consul/index.js';
