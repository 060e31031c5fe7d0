import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { serveWeb } from '../../support/serveWeb.js';

const CHECK = '/grpc.health.v1.Health/Check';

const check = (webUrl: string) =>
  fetch(webUrl + CHECK, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });

it('a connection that does not send its headers, or its body, in time is closed, and others are served', async () => {
  await using service = await serveWeb(memoryStore(), { headersTimeoutMs: 500, receiveTimeoutMs: 500 });
  const port = Number(new URL(service.webUrl).port);
  const send = (head: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(head);
    return text(socket);
  };
  const ends = [
    send('POST /x HTTP/1.1\r\nhost: localhost\r\n'),
    send(''),
    send(`POST ${CHECK} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{`),
  ];
  expect((await check(service.webUrl)).status).toBe(200);
  const [halfHeaders, , halfBody] = await Promise.all(ends);
  expect(halfHeaders).toMatch(/^HTTP\/1\.1 408 /);
  expect(halfBody).toMatch(/^HTTP\/1\.1 504 .*"message":"the request did not arrive within 0.5 s"/s);
});
