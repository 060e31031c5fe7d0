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

/** A caller whose credentials may be wrong, in the terms of `python_stub.py`. */
export interface Stranger {
  /** Host and port. */
  readonly target: string;
  readonly auth_key: string;
  readonly sign_secret: string;
  readonly method?: string;
  readonly request?: string;
  /** What it says it calls, when it signs. */
  readonly signed_method?: string;
  readonly clock_offset_s?: number;
  readonly nonce?: string;
  /** Names of metadata that it leaves out. */
  readonly without?: readonly string[];
  /** Metadata that it sends in place of what it should. */
  readonly instead?: { readonly [name: string]: string };
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

  /** Begins to list, so that something can happen between the pages. */
  openList(options: object = {}, microgridId = 1): Promise<void> {
    return this.#program.call('open_list', { microgrid_id: microgridId, ...options });
  }

  /** The ids of the next page of the list that was begun last; null behind the last one. */
  nextPage(): Promise<number[] | null> {
    return this.#program.call('next_page', {});
  }

  /** Makes a call of the contract with its messages: a request in text format, an answer in JSON (`python_stub.py`). */
  call<Answer = unknown>(method: string, request: string): Promise<Answer> {
    return this.#program.call('call', { method, request });
  }

  /** Makes a call over a connection of its own, as somebody who may not be who it says. */
  callAsStranger({ method = 'ListMicrogridDispatches', request = '', ...stranger }: Stranger): Promise<unknown> {
    return this.#program.call('call_as_stranger', { method, request, ...stranger });
  }

  /** Opens a stream by the stub, and waits for its headers. Returns their names. */
  openStream(name: string, microgridId: number): Promise<string[]> {
    return this.#program.call('open_stream', { name, microgrid_id: microgridId });
  }

  /** The next events of a stream that was opened by its name; fails as the stream does. */
  readStream(name: string, count: number): Promise<PythonEvent[]> {
    return this.#program.call('read_stream', { name, count });
  }

  closeStream(name: string): Promise<void> {
    return this.#program.call('close_stream', { name });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
