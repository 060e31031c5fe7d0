import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Metadata } from '@grpc/grpc-js';

import type { ErrorStatus } from '../grpc/errorStatus.js';
import { headersOf } from './callMetadata.js';
import { emptyLines } from './emptyLines.js';
import type { WebProtocol } from './webProtocol.js';

/** So many bytes of a stream are written at once; with more, a thousand streams would delay all other calls. */
const MAX_WAITING_BYTES = 8 * 1024;

/** The answer to a call over HTTP. Whatever ends it first ends it: nothing is sent after that. */
export class WebAnswer {
  readonly #response: ServerResponse;
  readonly #protocol: WebProtocol;
  /** Messages of this turn of the event loop: writing each by itself takes twice as long. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isFull = false;
  #stopEmptyLines: (() => void) | undefined;
  #hasEnded = false;

  constructor(response: ServerResponse, protocol: WebProtocol) {
    this.#response = response;
    this.#protocol = protocol;
    // A peer that is gone is noticed by the end of the response.
    response.on('error', () => {});
  }

  /** Sends the headers of a stream at once: they tell that it is open. */
  open(headers: Metadata): void {
    if (this.#hasEnded || this.#response.headersSent) return;
    const { contentType, hasEmptyLines } = this.#protocol;
    this.#response.writeHead(200, { ...headersOf(headers), 'content-type': contentType });
    this.#response.flushHeaders();
    if (hasEmptyLines) this.#stopEmptyLines = emptyLines(this.#response);
  }

  /**
   * Sends one of the messages of a stream. When its peer does not read as fast it waits.
   *
   * @throws the reason of the signal.
   */
  async send(message: Uint8Array, signal: AbortSignal): Promise<void> {
    this.open(new Metadata());
    if (this.#hasEnded) return;
    const bytes = this.#protocol.message(message);
    if (this.#waiting.push(bytes) === 1) process.nextTick(() => this.#write());
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= MAX_WAITING_BYTES) this.#write();
    if (!this.#isFull) return;
    await once(this.#response, 'drain', { signal }).catch(error => {
      signal.throwIfAborted();
      throw error;
    });
  }

  /** Ends a stream that is complete. */
  endStream(): void {
    this.open(new Metadata());
    this.#write();
    if (this.#end()) this.#response.end(this.#protocol.end(null));
  }

  /** Sends the one message of a call that is no stream. */
  complete(message: Uint8Array, headers: Metadata): void {
    if (!this.#end()) return;
    const body = Buffer.concat([this.#protocol.message(message), this.#protocol.end(null)]);
    const { contentType } = this.#protocol;
    this.#response.writeHead(200, {
      ...headersOf(headers),
      'content-type': contentType,
      'content-length': body.length,
    });
    this.#response.end(body);
  }

  /** Ends a call that has failed, also when some of its answer was sent. */
  fail(status: ErrorStatus): void {
    this.#write();
    if (!this.#end()) return;
    if (status.isUnreached) {
      // Not as a status of the service: callers notice that the connection is lost, and when it is back.
      if (this.#response.headersSent) this.#response.destroy();
      else this.#response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' }).end(status.details);
      return;
    }
    if (this.#response.headersSent) {
      this.#response.end(this.#protocol.end(status));
      return;
    }
    const { status: code, contentType, body } = this.#protocol.failure(status);
    this.#response.writeHead(code, { 'content-type': contentType, 'content-length': body.length });
    this.#response.end(body);
  }

  /** The connection is closed. Returns whether the answer had not ended. */
  cut(): boolean {
    return this.#end();
  }

  #write(): void {
    if (this.#waiting.length === 0) return;
    const bytes = this.#waiting.length === 1 ? this.#waiting[0] : Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (this.#hasEnded || this.#response.write(bytes)) return;
    this.#isFull = true;
    this.#response.once('drain', () => {
      this.#isFull = false;
    });
  }

  #end(): boolean {
    if (this.#hasEnded) return false;
    this.#hasEnded = true;
    this.#stopEmptyLines?.();
    return true;
  }
}
