import { type Address } from './channel-target.js';
import { type GrpcPackage } from './grpc-package.js';

/** What a resolver answers. */
export interface Answer {
  /** One for each instance. */
  readonly addresses: readonly Address[];
  /** Why there is no address; empty when there is one. */
  readonly note: string;
  /** Whether grpc-js follows the channel's own `grpc.service_config` rather than round robin. */
  readonly ownConfig: boolean;
}

/** The listener of grpc-js up to 1.13. */
interface ListenerObject {
  onSuccessfulResolution(
    endpoints: readonly object[],
    serviceConfig: object | null,
    serviceConfigError: null,
    configSelector: null,
    attributes: object,
  ): void;
  onError(status: object): void;
}

/** The listener of grpc-js from 1.14. */
type ListenerFunction = (
  endpoints: object,
  attributes: object,
  serviceConfig: object | null,
  note: string,
) => unknown;

/** The listener of a resolver, in either of its two forms. */
export type ResolverListener = ListenerObject | ListenerFunction;

/** Without a configuration, grpc-js sends every call to one instance. */
const ROUND_ROBIN = Object.freeze({
  loadBalancingConfig: Object.freeze([Object.freeze({ round_robin: Object.freeze({}) })]),
  methodConfig: Object.freeze([]),
});

/**
 * Gives an answer to grpc-js. An empty list is a value, not an error: after an error the channel would continue to call
 * the instances of its last list.
 */
export function giveAnswer(
  listener: ResolverListener,
  { addresses, note, ownConfig }: Answer,
  { Metadata, status }: Pick<GrpcPackage, 'Metadata' | 'status'>,
): void {
  const endpoints = addresses.map((address) => ({ addresses: [address] }));
  if (typeof listener === 'function') {
    const config = ownConfig ? null : { ok: true, value: ROUND_ROBIN };
    listener({ ok: true, value: endpoints }, {}, config, note);
    return;
  }
  listener.onSuccessfulResolution(endpoints, ownConfig ? null : ROUND_ROBIN, null, null, {});
  // Up to 1.13 calls wait for ever on an empty list. The error that follows it ends them, and finds no instance to keep.
  if (addresses.length === 0)
    listener.onError({ code: status.UNAVAILABLE, details: note, metadata: new Metadata() });
}
