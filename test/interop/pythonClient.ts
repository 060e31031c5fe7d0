import { type PythonProgram, startPython } from './python.js';
import { fromNow, type NewPythonDispatch, type PythonDispatch } from './pythonDispatch.js';

const hourMs = 3_600_000;

/** An event of the Python client's stream. */
export interface PythonEvent {
  readonly event: string;
  readonly dispatch: PythonDispatch;
}

/** Where the Python client connects to, and as whom. */
export interface PythonConnection {
  readonly address: string;
  readonly authKey: string;
  readonly signSecret: string;
}

/** The Python package's `DispatchApiClient`, for one microgrid at a time. */
export class PythonClient implements AsyncDisposable {
  readonly #program: PythonProgram = startPython('python_client.py');

  /** Uses another connection from now on. */
  connect({ address, authKey, signSecret }: PythonConnection): Promise<void> {
    return this.#program.call('connect', { address, auth_key: authKey, sign_secret: signSecret });
  }

  /** Creates a dispatch: one run of ten minutes in an hour, but for what a test says. */
  create(dispatch: NewPythonDispatch = {}, microgridId = 1): Promise<PythonDispatch> {
    const { type = 'INTEROP', start_time = fromNow(hourMs), duration = 600, target = { ids: [1] }, ...rest } = dispatch;
    return this.#program.call('create', { microgrid_id: microgridId, type, start_time, duration, target, ...rest });
  }

  get(id: number, microgridId = 1): Promise<PythonDispatch> {
    return this.#program.call('get', { microgrid_id: microgridId, dispatch_id: id });
  }

  /** The ids of each page. */
  list(options: object = {}, microgridId = 1): Promise<number[][]> {
    return this.#program.call('list', { microgrid_id: microgridId, ...options });
  }

  update(id: number, new_fields: object, microgridId = 1): Promise<PythonDispatch> {
    return this.#program.call('update', { microgrid_id: microgridId, dispatch_id: id, new_fields });
  }

  delete(id: number, microgridId = 1): Promise<void> {
    return this.#program.call('delete', { microgrid_id: microgridId, dispatch_id: id });
  }

  /** Opens the stream of a microgrid. */
  watch(microgridId: number): Promise<void> {
    return this.#program.call('watch', { microgrid_id: microgridId });
  }

  /** Waits until the stream that was opened last carries events, which creates inactive dispatches. */
  awaitStream(microgridId: number): Promise<void> {
    return this.#program.call('await_stream', { microgrid_id: microgridId });
  }

  /** The next events of the stream that was opened last. */
  receive(count: number): Promise<PythonEvent[]> {
    return this.#program.call('receive', { count });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
