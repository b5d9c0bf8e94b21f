import { type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { ConnectionLostError } from './connection-lost.error.js';
import { type AnswerCallback } from './endpoint-client.js';
import { type MessageRoute, type MessageRouter } from './message-router.js';

/** A message that waits for its answers. */
export class Message {
  private route: MessageRoute | undefined;
  private unlisten: (() => void) | undefined;
  private forgotten = false;

  constructor(
    private readonly packet: ReadPacket,
    private readonly callback: AnswerCallback,
    private readonly router: MessageRouter,
  ) {}

  /** Sends the message. All errors go to the callback. */
  send(): void {
    try {
      const route = this.router.route();
      if (route instanceof Promise) this.sendLater(route);
      else this.sendBy(route);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The caller wants no further answer. */
  forget(): void {
    this.forgotten = true;
    this.release();
  }

  private sendLater(coming: Promise<MessageRoute>): void {
    coming
      .then((route) => {
        this.sendBy(route);
      })
      .catch((error: unknown) => {
        this.fail(error);
      });
  }

  private sendBy(route: MessageRoute): void {
    this.route = route;
    if (this.forgotten) this.release();
    else
      this.unlisten = route.client.request(
        this.packet,
        (answer) => {
          if (answer.err || answer.isDisposed) report(route, answer);
          this.callback(answer);
        },
        (error) => {
          this.route = undefined;
          route.connection.released();
          this.sendLater(this.router.again(route, error));
        },
      );
  }

  private fail(err: unknown): void {
    this.release();
    if (!this.forgotten) this.callback({ err });
  }

  /** Ends what the message holds: an attempt without an answer was given up in this process. */
  private release(): void {
    this.unlisten?.();
    this.route?.attempt.end('aborted');
    this.route?.connection.released();
    this.route = undefined;
  }
}

/** An error that the instance answers is an answer. Only a connection that it closes is a failure. */
function report({ attempt }: MessageRoute, { err }: WritePacket): void {
  const lost: unknown = err;
  if (!(lost instanceof ConnectionLostError)) attempt.end('success');
  else attempt.end(lost.reason === 'closed' ? 'failure' : 'aborted', lost);
}
