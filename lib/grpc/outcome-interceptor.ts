import { type Interceptor } from '@grpc/grpc-js';
import { outcomeOfStatus } from './call-outcome.js';
import { type ChannelTarget } from './channel-target.js';
import { type GrpcPackage } from './grpc-package.js';

/**
 * Reports the outcome of each call to the service handle, by which it ejects endpoints. A call that reached no endpoint is
 * not reported.
 */
export function outcomeInterceptor(
  { InterceptingCall }: Pick<GrpcPackage, 'InterceptingCall'>,
  target: ChannelTarget,
): Interceptor {
  return (options, nextCall) => {
    const call = nextCall(options);
    return new InterceptingCall(call, {
      start: (metadata, _listener, next) => {
        next(metadata, {
          onReceiveStatus: (status, forward) => {
            const endpoint = target.endpointAt(call.getPeer());
            if (endpoint) {
              const outcome = outcomeOfStatus(status.code);
              const failure = outcome === 'failure' ? new Error(status.details) : undefined;
              target.handle.start(endpoint).done(failure, outcome);
            }
            forward(status);
          },
        });
      },
    });
  };
}
