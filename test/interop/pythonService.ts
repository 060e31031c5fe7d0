import { type PythonProgram, startPython } from './python.js';
import type { PythonDispatch } from './pythonDispatch.js';

/** A call that arrived at a {@link PythonService}. */
export interface PythonAttempt {
  /** Such as `CreateMicrogridDispatch`. */
  readonly call: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** How long its caller waits, as gRPC tells it. */
  readonly seconds_left: number | null;
}

/** The Python package's fake service behind a real gRPC server. It holds its dispatches as long as its process lives. */
export class PythonService implements AsyncDisposable {
  readonly #program: PythonProgram = startPython('python_service.py');
  #port: number;

  /** @param port where it is to serve, by default a free one */
  constructor(port = 0) {
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `grpc://127.0.0.1:${this.#port}?ssl=false`;
  }

  /** Serves; after it was stopped, on the same port again. */
  async start(): Promise<this> {
    this.#port = await this.#program.call('start', { port: this.#port });
    return this;
  }

  /** Stops serving: calls and streams under way are cut off. */
  stop(): Promise<void> {
    return this.#program.call('stop', {});
  }

  /** Ends the streams that are open with OK. */
  endStreams(): Promise<void> {
    return this.#program.call('end_streams', {});
  }

  /** What it holds, as Python reads it. */
  stored(microgridId = 1): Promise<PythonDispatch[]> {
    return this.#program.call('stored', { microgrid_id: microgridId });
  }

  /** Drops a dispatch without telling the streams. */
  forget(id: number, microgridId = 1): Promise<void> {
    return this.#program.call('forget', { microgrid_id: microgridId, dispatch_id: id });
  }

  /** The calls that arrived since this was asked last. */
  attempts(): Promise<PythonAttempt[]> {
    return this.#program.call('attempts', {});
  }

  /** Fails the next calls with these statuses, before they are applied or after it. */
  fail(codes: readonly string[], { applied = false } = {}): Promise<void> {
    return this.#program.call('fail', { codes, applied });
  }

  /** Kills its process at once. */
  kill(): Promise<void> {
    return this.#program.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
