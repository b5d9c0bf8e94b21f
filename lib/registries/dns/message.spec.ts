import packet, { type Answer } from 'dns-packet';
import { decodeResponse, encodeQuery } from './message.js';

const answer = (answers: Answer[], flags = 0, id = 7): Buffer =>
  packet.encode({
    type: 'response',
    id,
    flags,
    questions: [{ type: 'SRV', name: 'web.example.org' }],
    answers,
  });

describe('DNS messages', () => {
  it('encodes a query with one question', () => {
    const query = packet.decode(encodeQuery(7, '_web._tcp.example.org.', 'SRV'));
    expect(query).toMatchObject({ id: 7, flag_rd: true, type: 'query' });
    expect(query.questions).toEqual([{ name: '_web._tcp.example.org', type: 'SRV', class: 'IN' }]);
  });

  it('decodes the known record types and ignores others', () => {
    const data = { target: 'a.b.example.org', port: 80, priority: 1, weight: 2 };
    const read = decodeResponse(
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
    expect(decodeResponse(answer([], 0x0203), 7)).toMatchObject({ rcode: 3, truncated: true });
  });

  it('rejects every cut-off packet, pointer loops and responses to other queries', () => {
    const data = { target: 'a.example.org', port: 80, priority: 1, weight: 2 };
    const whole = answer([{ type: 'SRV', name: 'web.example.org', data }]);
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeResponse(whole.subarray(0, length), 7)).toThrow();
    expect(() => decodeResponse(whole, 8)).toThrow(/another packet/);
    expect(() => decodeResponse(packet.encode({ type: 'query', id: 7 }), 7)).toThrow(/another packet/);
    const loop = Buffer.concat([
      Buffer.from('000784000001000000000000', 'hex'),
      Buffer.from([0xc0, 12, 0, 0]),
    ]);
    expect(() => decodeResponse(loop, 7)).toThrow(/in a loop/);
  });
});
