import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

/**
 * What may be on its way on one stream before the next message waits: some forty changes. With more, a thousand streams
 * would keep everybody else waiting for long.
 */
const MAX_BYTES_IN_FLIGHT = 8 * 1024;

/**
 * Lets streams have several messages on their way. grpc-js sends the next one only when the one before has left, which
 * takes a turn of the event loop: a busy service would get a few of them to each stream in a second.
 */
export const sendWindow: ServerInterceptor = (method, call) =>
  method.responseStream ? new WindowedCall(call) : new ServerInterceptingCall(call);

class WindowedCall extends ServerInterceptingCall {
  #bytesInFlight = 0;
  #next: (() => void) | null = null;

  /** @param next - asks for the next message. */
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
