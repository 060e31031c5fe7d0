import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

/**
 * Maximum bytes in flight on one stream before the next message waits: some forty changes. With more, a thousand streams would
 * delay all other calls.
 */
const MAX_BYTES_IN_FLIGHT = 8 * 1024;

/**
 * Lets streams have several messages in flight. grpc-js sends the next message only after the last one has been written, which takes
 * a turn of the event loop: a busy service would send only a few per second to each stream.
 */
export const sendWindow: ServerInterceptor = (method, call) =>
  // What follows another interceptor gets the call that it made.
  method.responseStream ? new WindowedCall(call) : (call as ServerInterceptingCall);

class WindowedCall extends ServerInterceptingCall {
  #bytesInFlight = 0;
  #next: (() => void) | null = null;

  /** @param next - requests the next message. */
  override sendMessage(message: Uint8Array, next: () => void): void {
    this.#bytesInFlight += message.length;
    this.#next = next;
    super.sendMessage(message, () => {
      this.#bytesInFlight -= message.length;
      this.#askForNext();
    });
    this.#askForNext();
  }

  #askForNext(): void {
    if (this.#bytesInFlight >= MAX_BYTES_IN_FLIGHT) return;
    const next = this.#next;
    this.#next = null;
    next?.();
  }
}
