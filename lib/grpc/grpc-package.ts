import type * as Grpc from '@grpc/grpc-js';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { peerFailure } from '../common/optional-peer.js';

/** The parts of `@grpc/grpc-js` that this integration uses. */
export type GrpcPackage = typeof Grpc;

const FEATURE = 'grpcService()';

/**
 * Loads the copy of `@grpc/grpc-js` that `@nestjs/microservices` loads. A process may have several copies, and each has
 * its own registry of resolvers.
 *
 * @throws MissingPeerError when `@nestjs/microservices` or `@grpc/grpc-js` is not installed
 */
export function loadGrpcPackage(): GrpcPackage {
  const ours = requireFrom(import.meta.url);
  const microservices = resolved(ours, '@nestjs/microservices');
  try {
    return createRequire(microservices)('@grpc/grpc-js') as GrpcPackage;
  } catch (error) {
    throw peerFailure(error, '@grpc/grpc-js', FEATURE);
  }
}

/** A CommonJS bundle has no `import.meta.url`; its packages are those of the folder in which it runs. */
function requireFrom(url: string | undefined): NodeJS.Require {
  return createRequire(url ?? join(process.cwd(), 'index.js'));
}

function resolved(from: NodeJS.Require, packageName: string): string {
  try {
    return from.resolve(packageName);
  } catch (error) {
    throw peerFailure(error, packageName, FEATURE);
  }
}
