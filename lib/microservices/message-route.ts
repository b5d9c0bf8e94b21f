import { type CallAttempt } from '../calling/call-attempt.js';
import { type ServiceCall } from '../calling/service-call.js';
import { type EndpointClient } from './endpoint-client.js';
import { type EndpointConnection } from './endpoint-connection.js';

/** Where one message or event goes. The router changes it when the message goes to another instance. */
export class MessageRoute {
  /** The attempt that has begun last. */
  attempt: CallAttempt | undefined = undefined;
  connection: EndpointConnection | undefined = undefined;
  /** Where the message is or can be sent; undefined while that is not decided. */
  client: EndpointClient | undefined = undefined;
  /** Whether the caller wants no answer any more. */
  isForgotten = false;

  constructor(
    readonly call: ServiceCall,
    /** How often the client had been closed when the message began. */
    readonly closes: number,
  ) {}
}
