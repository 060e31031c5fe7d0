import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { parseServiceAddress } from '../../src/wire/serviceAddress.js';

/** A gateway in front of a service, which makes of each gRPC-Web call a gRPC call. */
export interface GrpcWebGateway extends AsyncDisposable {
  readonly url: string;
}

const same = (bytes: Buffer) => bytes;

/** Starts a gateway on a free port. It passes the headers of a call on, and those of the answer at once. */
export async function startGrpcWebGateway(address: string): Promise<GrpcWebGateway> {
  const { host, port } = parseServiceAddress(address);
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  const server = createServer((request, response) => void pass(client, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      client.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function pass(client: Client, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', '*');
  response.setHeader('access-control-expose-headers', '*');
  if (request.method !== 'POST') return void response.writeHead(request.method === 'OPTIONS' ? 204 : 404).end();
  const message = (await buffer(request)).subarray(5);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(request.headers)) {
    if (/^(key|ts|nonce|sig|request-id|resume-after|grpc-timeout)$/.test(name)) metadata.set(name, String(value));
    if (name === 'note-bin') metadata.set(name, Buffer.from(String(value), 'base64'));
  }
  const call = client.makeServerStreamRequest(request.url ?? '', same, same, message, metadata);
  const begin = (headers: Metadata) => {
    if (response.headersSent) return;
    response.writeHead(200, { 'content-type': 'application/grpc-web+proto', ...textOf(headers) });
    response.flushHeaders();
  };
  response.on('close', () => call.cancel());
  call.on('metadata', begin);
  call.on('data', (bytes: Buffer) => response.write(frame(0, bytes)));
  call.on('error', () => {});
  call.on('status', ({ code, details, metadata }) => {
    begin(new Metadata());
    const trailer = { 'grpc-status': code, 'grpc-message': encodeURIComponent(details), ...textOf(metadata) };
    const lines = Object.entries(trailer).map(([name, value]) => `${name}: ${value}\r\n`);
    response.end(frame(0x80, Buffer.from(lines.join(''))));
  });
}

function frame(flags: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function textOf(metadata: Metadata): Record<string, string> {
  const entries = Object.entries(metadata.getMap()).filter(([name]) => !name.startsWith('content-type'));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('base64') : value]),
  );
}
