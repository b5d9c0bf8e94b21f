import { type ClientTCP, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { deferred } from '../common/async/deferred.js';
import { BatchWriter } from './batch-writer.js';
import { type MicroservicesPackage } from './microservices-package.js';

/** The options of Nest's TCP client. */
export type TcpOptions = ConstructorParameters<typeof ClientTCP>[0];

/** Receives the answers to one message. */
export type AnswerCallback = (answer: WritePacket) => void;

/** Listener of an event of the socket, as `ClientTCP.on` takes it. */
export interface SocketListener {
  readonly event: Parameters<ClientTCP['on']>[0];
  readonly callback: Parameters<ClientTCP['on']>[1];
}

/** A message that waits for its answers. Not callbacks, of which each message would need its own. */
export interface SentMessage {
  /** The id that the connection has given it. */
  id: string;
  /** Called with each answer, and with an error when the connection has ended. */
  onAnswer(answer: WritePacket): void;
  /** Called instead of {@link onAnswer} when the socket did not take the message: the instance never has it. */
  onUnsent(error: Error): void;
}

/** One connection of Nest's TCP client. It connects once. */
export interface EndpointClient {
  /** Resolves when messages can be sent: with TLS, after the handshake. */
  connect(): Promise<unknown>;
  /** Whether a message that is sent now reaches the socket. */
  readonly writable: boolean;
  /** Number of messages whose last answer has not arrived. */
  readonly pending: number;
  /**
   * Sends a message, and sets its id.
   *
   * @throws the error of a packet that cannot be serialized
   */
  request(packet: ReadPacket, message: SentMessage): void;
  /** Forgets the message with this id: its answers are ignored. */
  forget(id: string): void;
  /**
   * Sends an event. Resolves when the operating system has it, and rejects when the socket did not take it.
   *
   * @throws synchronously when the packet cannot be serialized
   */
  event(packet: ReadPacket): Promise<void>;
  /** Closes the socket. Pending messages fail with `error`. */
  end(error: Error): void;
  on(event: SocketListener['event'], callback: SocketListener['callback']): void;
  unwrap(): unknown;
}

/** Longest time in which a socket that is closed may send what is left. */
const FLUSH_TIMEOUT_MS = 1_000;

/** Called once when the connection ends by itself. */
export type EndListener = (cause: unknown) => void;

type EndpointClientClass = new (options: TcpOptions, onEnd: EndListener) => EndpointClient;

const classes = new WeakMap<object, EndpointClientClass>();

/** The class for a copy of `@nestjs/microservices`. */
export function endpointClientClass({ ClientTCP }: MicroservicesPackage): EndpointClientClass {
  const known = classes.get(ClientTCP);
  if (known) return known;

  class SingleConnection extends ClientTCP implements EndpointClient {
    /** The error of pending messages when the connection ends. */
    private failure: unknown;
    private ended = false;
    private connected = false;
    private writer: BatchWriter<SentMessage> | undefined;

    constructor(
      private readonly options: TcpOptions,
      private readonly onEnd: EndListener,
    ) {
      super(options);
    }

    override async connect(): Promise<void> {
      await super.connect();
      this.connected = true;
    }

    get writable(): boolean {
      const socket = this.socket?.netSocket;
      return this.connected && !this.ended && socket?.writable === true;
    }

    get pending(): number {
      return this.routingMap.size;
    }

    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the signature of ClientTCP
    override unwrap<T>(): T {
      return super.unwrap<T>();
    }

    request(packet: ReadPacket, message: SentMessage): void {
      const { id } = this.assignPacketId(packet);
      const serialized: unknown = this.serializer.serialize(packet);
      message.id = id;
      this.routingMap.set(id, (answer: WritePacket) => {
        message.onAnswer(this.ended && answer.err ? { ...answer, err: this.failure } : answer);
      });
      try {
        this.writeMessage(serialized, message);
      } catch (error) {
        this.routingMap.delete(id);
        throw error;
      }
    }

    forget(id: string): void {
      this.routingMap.delete(id);
    }

    event(packet: ReadPacket): Promise<void> {
      const pattern = this.normalizePattern(packet.pattern as string);
      const serialized: unknown = this.serializer.serialize({ ...packet, pattern });
      const sent = deferred<void>();
      // In the order of the application.
      this.writer?.flush();
      // ClientTCP resolves at once, also when the socket is closed and the event is dropped.
      this.sendMessage(serialized, (error) => {
        if (error) sent.reject(error);
        else sent.resolve();
      });
      // A socket class of the application may not call back.
      if (this.options.socketClass !== undefined) sent.resolve();
      return sent.promise;
    }

    end(error: Error): void {
      this.failure ??= error;
      this.ended = true;
      const socket = this.socket?.netSocket;
      super.close();
      if (!this.connected) {
        // With the error, since Nest's `connect()` waits for one.
        socket?.destroy(error);
        return;
      }
      // Flushes what is written. A peer that reads nothing does not keep the socket open.
      socket?.setTimeout(FLUSH_TIMEOUT_MS, () => socket.destroy());
      socket?.destroySoon();
    }

    /** With TLS, `connect` comes before the handshake, and a message that is sent then is lost if it fails. */
    protected override connect$(instance: object): ReturnType<ClientTCP['connect$']> {
      return super.connect$(instance, 'error', this.tlsOptions ? 'secureConnect' : 'connect');
    }

    /** Called for an error of the socket and of the framing; the latter is a string. */
    override handleError(error: unknown): void {
      this.endBy(error);
    }

    override handleClose(): void {
      this.endBy(undefined);
      super.handleClose();
    }

    /** ClientTCP passes no callback: a message that was not sent waits until the socket is closed. */
    private writeMessage(serialized: unknown, message: SentMessage): void {
      const { socket, options } = this;
      // Other sockets may know no cork, and a limit for what waits is not meant for a batch.
      if (socket && options.socketClass === undefined && options.maxSendBufferSize === undefined) {
        this.writer ??= new BatchWriter(socket, this.onUnsent);
        this.writer.write(serialized, message);
      } else
        this.sendMessage(serialized, (error) => {
          if (error) this.onUnsent(message, error);
        });
    }

    private readonly onUnsent = (message: SentMessage, error: Error): void => {
      if (this.routingMap.delete(message.id)) message.onUnsent(error);
    };

    private sendMessage(serialized: unknown, callback: (error?: Error | null) => void): void {
      if (this.socket) this.socket.sendMessage(serialized, callback);
      else callback(new Error('The connection is closed.'));
    }

    private endBy(cause: unknown): void {
      if (this.ended) return;
      this.ended = true;
      this.onEnd(cause);
    }
  }
  classes.set(ClientTCP, SingleConnection);
  return SingleConnection;
}
