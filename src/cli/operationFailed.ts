import { DispatchError, type DispatchErrorCode, messageOf } from '../model/dispatchError.js';
import { UsageError } from './input/usageError.js';

/**
 * A command failed by what there is: a dispatch or a run that does not exist, or one, or a file, that is not such that it can be done. The exit
 * code is 1, whatever the code is. The message is printed as it is.
 */
export class OperationFailed extends DispatchError {
  /**
   * The failure of a file; a wrong command line when there is none.
   *
   * @param what What failed, such as "The file cannot be read".
   */
  static ofFile(what: string, cause: unknown): OperationFailed | UsageError {
    const message = `${what}: ${messageOf(cause)}`;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new UsageError(message);
    return new OperationFailed(fileCode(cause), message, { cause });
  }
}

const FILE_CODES: Readonly<Record<string, DispatchErrorCode>> = {
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
