/** The process of a server that answers every call with its request: what grpc-js costs alone. Ends with its parent. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ECHO_PATH } from './bareCalls.js';
import { cpuMs } from './figures.js';

const same = (bytes: Buffer) => bytes;
const server = new Server();
const echo = {
  path: ECHO_PATH,
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
server.addService(
  { echo },
  { echo: (call: { request: Buffer }, answer: (error: null, value: Buffer) => void) => answer(null, call.request) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send?.({ port });
});
process.on('message', () => process.send?.({ cpuMs: cpuMs() }));
process.on('disconnect', () => server.forceShutdown());
