import { type TcpSocket } from '@nestjs/microservices';

/** A batch of this length is written at once. Below the length at which Nest stops reading from the socket. */
const MAX_BATCH_CHARACTERS = 8_192;

/** Called for each message that the socket did not take: the instance never has it. */
export type UnsentListener<Message> = (message: Message, error: Error) => void;

/**
 * Writes the messages of one turn of the event loop by one system call, as Node's http client does with the parts of a
 * request: the system call is the largest part of what a message costs.
 */
export class BatchWriter<Message> {
  private batch: Batch<Message> | undefined;

  constructor(
    private readonly socket: TcpSocket,
    private readonly onUnsent: UnsentListener<Message>,
  ) {}

  /**
   * Writes a message at the end of this turn.
   *
   * @throws the error of a message that cannot be serialized
   */
  write(serialized: unknown, message: Message): void {
    const batch = this.batch ?? this.begin();
    batch.messages.push(message);
    try {
      this.socket.sendMessage(serialized, batch.onWritten);
    } catch (error) {
      batch.messages.pop();
      throw error;
    }
    if (this.socket.netSocket.writableLength >= MAX_BATCH_CHARACTERS) this.flush();
  }

  /** Writes the messages that wait. */
  readonly flush = (): void => {
    const { batch } = this;
    if (!batch) return;
    this.batch = undefined;
    const { netSocket } = this.socket;
    netSocket.uncork();
    batch.isInDoubt = batch.messages.length > 1 && netSocket.writableLength > 0 && !netSocket.destroyed;
  };

  private begin(): Batch<Message> {
    this.socket.netSocket.cork();
    process.nextTick(this.flush);
    this.batch = new Batch(this.onUnsent);
    return this.batch;
  }
}

/** Messages that are written together: the operating system takes all of them, none, or a part. */
class Batch<Message> {
  readonly messages: Message[] = [];
  /** Whether the operating system may have taken a part. A message in it must not be sent again. */
  isInDoubt = false;

  constructor(private readonly onUnsent: UnsentListener<Message>) {}

  /** Called for each message. Those that may have been sent fail with the connection. */
  readonly onWritten = (error?: Error | null): void => {
    if (!error || this.isInDoubt) return;
    for (const message of this.messages.splice(0)) this.onUnsent(message, error);
  };
}
