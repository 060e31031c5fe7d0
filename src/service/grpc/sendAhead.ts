import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

/**
 * What may be on its way on one stream before the next message waits: some forty changes. With more, a thousand streams
 * would keep everybody else waiting for long.
 */
const MAX_BYTES_AHEAD = 8 * 1024;

/**
 * Lets streams have several messages on their way. grpc-js sends the next one only when the one before has left, which
 * takes a turn of the event loop: a busy service would get a few of them to each stream in a second.
 */
export const sendAhead: ServerInterceptor = (method, call) =>
  method.responseStream ? new AheadCall(call) : new ServerInterceptingCall(call);

class AheadCall extends ServerInterceptingCall {
  #bytesAhead = 0;
  #next: (() => void) | null = null;

  /** @param next - asks for the next message. */
  override sendMessage(message: Uint8Array, next: () => void): void {
    this.#bytesAhead += message.length;
    this.#next = next;
    super.sendMessage(message, () => {
      this.#bytesAhead -= message.length;
      this.#goOn();
    });
    this.#goOn();
  }

  #goOn(): void {
    if (this.#bytesAhead >= MAX_BYTES_AHEAD) return;
    const next = this.#next;
    this.#next = null;
    next?.();
  }
}
