import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { serveWeb } from '../../support/serveWeb.js';

const CHECK = '/grpc.health.v1.Health/Check';
const HEAD = ['Content-Type: application/json'];
const LENGTH = 'Content-Length: 2';
const CHUNKED = 'Transfer-Encoding: chunked';
const CHUNKS = '2\r\n{}\r\n0\r\n\r\n';

/** Asks a server by the bytes of a request; a second request follows, which is of another one where the first is misread. */
async function ask(port: string, lines: readonly string[], body: string) {
  const socket = connect(Number(port), '127.0.0.1');
  const second = ['GET /second HTTP/1.1', `Host: localhost:${port}`, 'Connection: close', '', ''];
  socket.end(`${[...lines, '', ''].join('\r\n')}${body}${second.join('\r\n')}`);
  const answer = await text(socket);
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]),
    isSecondAnswered: answer.split('HTTP/1.1 ').length > 2,
  };
}

const start = (target = CHECK, version = '1.1') => `POST ${target} HTTP/${version}`;

it.each<[string, number, (host: string) => readonly string[], string?]>([
  ['a host', 200, host => [start(), `Host: ${host}`, LENGTH]],
  ['chunks', 200, host => [start(), `Host: ${host}`, CHUNKED], CHUNKS],
  ['a target with its host', 200, host => [start(`http://${host}${CHECK}?x`), `Host: ${host}`, LENGTH]],
  ['no host', 400, () => [start(), LENGTH]],
  ['no host, over HTTP/1.0', 400, () => [start(CHECK, '1.0'), LENGTH]],
  ['an empty host', 400, () => [start(), 'Host:', LENGTH]],
  ['the same host twice', 400, host => [start(), `Host: ${host}`, `Host: ${host}`, LENGTH]],
  ['a second host', 400, host => [start(), `Host: ${host}`, 'hOST: evil.example', LENGTH]],
  ['a target of another host', 400, host => [start(`http://evil.example${CHECK}`), `Host: ${host}`, LENGTH]],
  [
    'another host than that of the target',
    400,
    host => [start(`http://${host}${CHECK}`), 'Host: evil.example', LENGTH],
  ],
  ['a target with a user', 400, host => [start(`http://x@${host}${CHECK}`), `Host: ${host}`, LENGTH]],
  ['the same length twice', 400, host => [start(), `Host: ${host}`, LENGTH, LENGTH]],
  ['two lengths', 400, host => [start(), `Host: ${host}`, LENGTH, 'Content-Length: 40']],
  ['a list of lengths', 400, host => [start(), `Host: ${host}`, 'Content-Length: 2, 2']],
  ['a length with a sign', 400, host => [start(), `Host: ${host}`, 'Content-Length: +2']],
  ['a length and chunks', 400, host => [start(), `Host: ${host}`, 'Content-Length: 12', CHUNKED], CHUNKS],
  ['chunks and a length', 400, host => [start(), `Host: ${host}`, CHUNKED, 'Content-Length: 12'], CHUNKS],
  ['chunks twice', 400, host => [start(), `Host: ${host}`, CHUNKED, CHUNKED], CHUNKS],
  ['chunks over HTTP/1.0', 400, host => [start(CHECK, '1.0'), `Host: ${host}`, CHUNKED], CHUNKS],
  ['an unknown coding', 501, host => [start(), `Host: ${host}`, 'Transfer-Encoding: xchunked'], CHUNKS],
  ['a coding before chunks', 501, host => [start(), `Host: ${host}`, 'Transfer-Encoding: gzip, chunked'], CHUNKS],
  ['a size of a chunk in another form', 400, host => [start(), `Host: ${host}`, CHUNKED], CHUNKS.replace('2', '0x2')],
  ['a folded header', 400, host => [start(), `Host: ${host}`, 'X-A: 1', ' Transfer-Encoding: chunked', LENGTH]],
  ['a space before the colon', 400, host => [start(), `Host: ${host}`, 'Content-Length : 2']],
  ['a bare CR', 400, host => [start(), `Host: ${host}`, 'X-A: 1\rTransfer-Encoding: chunked', LENGTH]],
  ['a NUL', 400, host => [start(), `Host: ${host}`, 'X-A: 1\0', LENGTH]],
])('a request with %s is answered with %i', async (_, status, lines, body = '{}') => {
  await using service = await serveWeb(memoryStore());
  const { host, port } = new URL(service.webUrl);
  const [first = '', ...others] = lines(host);
  const answer = await ask(port, [first, ...HEAD, ...others], body);
  expect(answer).toEqual({ status, isSecondAnswered: status === 200 });
});
