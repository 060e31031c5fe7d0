import { DispatchError, type DispatchErrorCode } from '../../model/dispatchError.js';

/** What is posted. */
interface Post {
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Asks the server of the page for something that is no call of the service.
 *
 * @throws DispatchError with what the server says; UNAVAILABLE when it is not reached.
 */
export async function postJson<Answer>(path: string, { body, headers = {}, signal }: Post): Promise<Answer> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    cache: 'no-store',
    signal,
  }).catch(cause => {
    signal.throwIfAborted();
    throw new DispatchError('UNAVAILABLE', 'the program that serves this page is not reached', { cause });
  });
  const answer = await response.json();
  if (response.ok) return answer as Answer;
  const { code, message } = answer as { readonly code: string; readonly message: string };
  throw new DispatchError(code.toUpperCase() as DispatchErrorCode, message);
}
