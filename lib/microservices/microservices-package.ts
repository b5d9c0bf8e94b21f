import type * as Microservices from '@nestjs/microservices';
import { createRequire } from 'node:module';
import { peerFailure } from '../common/optional-peer.js';

/** The parts of `@nestjs/microservices` that this integration uses. */
export type MicroservicesPackage = Pick<typeof Microservices, 'ClientProxy' | 'ClientTCP'>;

const PACKAGE = '@nestjs/microservices';

let loaded: MicroservicesPackage | undefined;

/**
 * Begins with the import of this file, since `tcpService()` is synchronous. The application imports the package as well,
 * so it is there before `tcpService()` is called. An error is repeated by the `require` below.
 */
import('@nestjs/microservices').then(
  (imported) => {
    loaded = imported;
  },
  () => undefined,
);

/** @throws MissingPeerError when the package is not installed */
export function microservicesPackage(): MicroservicesPackage {
  if (loaded) return loaded;
  try {
    return createRequire(import.meta.url)(PACKAGE) as MicroservicesPackage;
  } catch (error) {
    throw peerFailure(error, PACKAGE, 'tcpService()');
  }
}
