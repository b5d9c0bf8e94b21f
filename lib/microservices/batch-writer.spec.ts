import { type TcpSocket } from '@nestjs/microservices';
import { Writable } from 'node:stream';
import { BatchWriter } from './batch-writer.js';

type WriteCallback = (error?: Error | null) => void;

const BROKEN = new Error('write EPIPE');

const turn = async (): Promise<void> => {
  await new Promise(setImmediate);
};

describe('BatchWriter', () => {
  let writes: string[][];
  let unsent: string[];
  let finish: (callback: WriteCallback) => void;
  let stream: Writable;
  let writer: BatchWriter<string>;

  beforeEach(() => {
    writes = [];
    unsent = [];
    finish = (callback) => {
      callback();
    };
    // A real socket cannot take a part of a write at will.
    stream = new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, callback) => {
        writes.push([chunk]);
        finish(callback);
      },
      writev: (chunks, callback) => {
        writes.push(chunks.map(({ chunk }) => chunk as string));
        finish(callback);
      },
    }).on('error', () => undefined);
    const socket = {
      netSocket: stream,
      sendMessage: (message: unknown, callback?: WriteCallback) =>
        void stream.write(JSON.stringify(message), callback),
    };
    writer = new BatchWriter(socket as unknown as TcpSocket, (message) => unsent.push(message));
  });

  const write = (...messages: readonly string[]): void => {
    for (const message of messages) writer.write(message, message);
  };

  it('writes the messages of one turn together, and the next ones after them', async () => {
    write('a', 'b');
    await Promise.resolve().then(() => write('c'));
    expect(writes).toEqual([]);
    await turn();
    write('d');
    await turn();
    expect(writes).toEqual([['"a"', '"b"', '"c"'], ['"d"']]);
    expect(unsent).toEqual([]);
  });

  it('writes at once what is long, and what must precede something else', () => {
    write('a', 'x'.repeat(10_000), 'b');
    expect(writes).toHaveLength(1);
    writer.flush();
    expect(writes).toHaveLength(2);
  });

  it('reports every message of a write that failed as a whole, once', async () => {
    finish = (callback) => {
      callback(BROKEN);
    };
    write('a', 'b');
    await turn();
    expect(unsent).toEqual(['a', 'b']);
  });

  it('reports the messages that wait when the socket is destroyed', async () => {
    write('a', 'b');
    stream.destroy(BROKEN);
    await turn();
    expect(unsent).toEqual(['a', 'b']);
    expect(writes).toEqual([]);
  });

  it.each([
    { messages: ['a', 'b'], reported: [], because: 'an instance may have the first' },
    { messages: ['a'], reported: ['a'], because: 'a part of one message is none' },
  ])('reports $reported of $messages when a part was taken: $because', async ({ messages, reported }) => {
    let fail: WriteCallback = () => undefined;
    finish = (callback) => {
      fail = callback;
    };
    write(...messages);
    await turn();
    fail(BROKEN);
    await turn();
    expect(unsent).toEqual(reported);
  });

  it('leaves out a message that cannot be serialized', async () => {
    write('a');
    expect(() => writer.write(1n, 'big')).toThrow('BigInt');
    stream.destroy();
    await turn();
    expect(unsent).toEqual(['a']);
  });
});
