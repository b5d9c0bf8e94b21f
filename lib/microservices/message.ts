import { type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { ConnectionLostError } from './connection-lost.error.js';
import { type AnswerCallback, type EndpointClient, type SentMessage } from './endpoint-client.js';
import { MessageRoute } from './message-route.js';
import { type MessageRouter } from './message-router.js';

/** A message that waits for its answers. It is its own route, since each message makes one. */
export class Message extends MessageRoute implements SentMessage {
  id = '';

  constructor(
    private readonly packet: ReadPacket,
    private readonly callback: AnswerCallback,
    private readonly router: MessageRouter,
  ) {
    super(router.begin(), router.closes);
  }

  /** Sends the message. All errors go to the callback. */
  send(): void {
    try {
      const client = this.router.find(this);
      if (client instanceof Promise) this.sendLater(client);
      else this.sendBy(client);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The caller wants no further answer. */
  forget(): void {
    this.isForgotten = true;
    this.release();
  }

  /** An error that the instance answers is an answer. Only a connection that it closes is a failure. */
  onAnswer(answer: WritePacket): void {
    const err: unknown = answer.err;
    if (err instanceof ConnectionLostError)
      this.attempt?.end(err.reason === 'closed' ? 'failure' : 'aborted', err);
    else if (err || answer.isDisposed) this.attempt?.end('success');
    this.callback(answer);
  }

  onUnsent(error: Error): void {
    this.client = undefined;
    this.connection?.released();
    this.sendLater(this.router.again(this, error));
  }

  private sendLater(coming: Promise<EndpointClient>): void {
    coming
      .then((client) => {
        this.sendBy(client);
      })
      .catch((error: unknown) => {
        this.fail(error);
      });
  }

  private sendBy(client: EndpointClient): void {
    if (this.isForgotten) {
      this.release();
      return;
    }
    client.request(this.packet, this);
  }

  private fail(err: unknown): void {
    this.release();
    if (!this.isForgotten) this.callback({ err });
  }

  /** Ends what the message holds: an attempt without an answer was given up in this process. */
  private release(): void {
    const { client } = this;
    // While it connects, its attempt ends with the connection.
    if (!client) return;
    client.forget(this.id);
    this.attempt?.end('aborted');
    this.connection?.released();
  }
}
