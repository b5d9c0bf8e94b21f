import packet, { type Answer } from 'dns-packet';
import { decodeAnswer, encodeQuestion } from './message.js';

const answer = (answers: Answer[], flags = 0, id = 7): Buffer =>
  packet.encode({
    type: 'response',
    id,
    flags,
    questions: [{ type: 'SRV', name: 'web.example.org' }],
    answers,
  });

describe('the messages of the DNS', () => {
  it('asks one question', () => {
    const question = packet.decode(encodeQuestion(7, '_web._tcp.example.org.', 'SRV'));
    expect(question).toMatchObject({ id: 7, flag_rd: true, type: 'query' });
    expect(question.questions).toEqual([{ name: '_web._tcp.example.org', type: 'SRV', class: 'IN' }]);
  });

  it('reads records and leaves others alone', () => {
    const data = { target: 'a.b.example.org', port: 80, priority: 1, weight: 2 };
    const read = decodeAnswer(
      answer([
        { type: 'CNAME', name: 'web.example.org', data: 'b.example.org', ttl: 1 },
        { type: 'SRV', name: 'web.example.org', data },
        { type: 'A', name: 'web.example.org', data: '10.0.0.1', ttl: 9 },
        { type: 'AAAA', name: 'web.example.org', data: '2001:db8:0:0:0:0:0:1', ttl: 8 },
        { type: 'TXT', name: 'web.example.org', data: 'x' },
      ]),
      7,
    );
    expect(read).toEqual({
      rcode: 0,
      truncated: false,
      srv: [{ name: 'a.b.example.org', port: 80, priority: 1, weight: 2 }],
      addresses: [
        { address: '10.0.0.1', ttl: 9 },
        { address: '2001:db8::1', ttl: 8 },
      ],
    });
    expect(decodeAnswer(answer([], 0x0203), 7)).toMatchObject({ rcode: 3, truncated: true });
  });

  it('fails on every cut, on circles and on answers to others, and never reads on', () => {
    const data = { target: 'a.example.org', port: 80, priority: 1, weight: 2 };
    const whole = answer([{ type: 'SRV', name: 'web.example.org', data }]);
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeAnswer(whole.subarray(0, length), 7)).toThrow();
    expect(() => decodeAnswer(whole, 8)).toThrow(/another packet/);
    expect(() => decodeAnswer(packet.encode({ type: 'query', id: 7 }), 7)).toThrow(/another packet/);
    const circle = Buffer.concat([
      Buffer.from('000784000001000000000000', 'hex'),
      Buffer.from([0xc0, 12, 0, 0]),
    ]);
    expect(() => decodeAnswer(circle, 7)).toThrow(/circle/);
  });
});
