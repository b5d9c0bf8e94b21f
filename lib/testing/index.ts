/**
 * `nestjs-sidekick/testing`: services whose lists a test writes, a virtual clock, a registry that injects faults, elections
 * on the clock of a test, and the contract suite of drivers.
 *
 * @packageDocumentation
 */
export {
  type FakeLists,
  type FakeServices,
  fakeServices,
  type FakeServicesOptions,
} from './fake-services.js';
export { faulty, type FaultySource } from './faulty.js';
export { type Fault, FaultyRegistry, type RequestKind } from './faulty-registry.js';
export { systemClock } from '../common/clock.js';
export {
  type ContractCapabilities,
  type ContractCase,
  type ContractRunner,
  type ContractSubject,
  describeRegistryContract,
  type RegistryContract,
  registryContract,
} from '../registry/contract/index.js';
export { VirtualClock } from './virtual-clock.js';
export { testElections, type TestElectionOptions, type TestElections } from './test-elections.js';
