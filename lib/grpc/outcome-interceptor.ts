import { type Interceptor } from '@grpc/grpc-js';
import { CallAttempt } from '../calling/call-attempt.js';
import { CHANNELS } from '../common/diagnostics.js';
import { outcomeOfStatus } from './call-outcome.js';
import { type ChannelTarget } from './channel-target.js';
import { type GrpcPackage } from './grpc-package.js';

/**
 * Reports the outcome of each call to the service handle, by which it ejects endpoints. A call that reached no endpoint is
 * not reported.
 */
export function outcomeInterceptor(
  { InterceptingCall, status: statusName }: Pick<GrpcPackage, 'InterceptingCall' | 'status'>,
  target: ChannelTarget,
): Interceptor {
  const { handle } = target;
  const { context } = handle.calls;
  return (options, nextCall) => {
    const call = nextCall(options);
    // The endpoint is known when the call ends.
    const startedAtMs = CHANNELS.requestEnd.hasSubscribers ? context.clock.now() : undefined;
    return new InterceptingCall(call, {
      start: (metadata, _listener, next) => {
        next(metadata, {
          onReceiveStatus: (status, forward) => {
            const endpoint = target.endpointAt(call.getPeer());
            if (endpoint) {
              const outcome = outcomeOfStatus(status.code);
              const error = outcome === 'failure' ? new Error(status.details) : undefined;
              const attempt = new CallAttempt(context, endpoint, 1, handle.start(endpoint), startedAtMs);
              attempt.end(outcome, error, undefined, {
                method: options.method_definition.path.slice(1),
                status: statusName[status.code],
              });
            }
            forward(status);
          },
        });
      },
    });
  };
}
