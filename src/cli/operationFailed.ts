import { DispatchError, type DispatchErrorCode, messageOf } from '../model/dispatchError.js';

/**
 * A command failed by what there is: a dispatch, a file or a run that does not exist, or is not such that it can be done. The exit code
 * is 1, whatever the code is. The message is printed as it is.
 */
export class OperationFailed extends DispatchError {
  /** The failure of a file. @param what What failed, such as "The file cannot be read". */
  static ofFile(what: string, cause: unknown): OperationFailed {
    return new OperationFailed(fileCode(cause), `${what}: ${messageOf(cause)}`, { cause });
  }
}

const FILE_CODES: Readonly<Record<string, DispatchErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EROFS: 'PERMISSION_DENIED',
  ENOSPC: 'RESOURCE_EXHAUSTED',
  EDQUOT: 'RESOURCE_EXHAUSTED',
};

function fileCode(error: unknown): DispatchErrorCode {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return FILE_CODES[code ?? ''] ?? 'FAILED_PRECONDITION';
}
