import { DispatchError, messageOf } from './dispatchError.js';

/**
 * Loads a module that needs packages which are optional to install.
 *
 * @param needer - what needs them, for the error.
 * @param otherWay - another way to get them than by name, for the error.
 * @throws DispatchError FAILED_PRECONDITION that names the package which is not installed; and what loading throws.
 */
export async function loadOptional<T>(
  needer: string,
  load: () => Promise<T>,
  otherWay = ', or install without --omit=optional',
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const name = missingPackage(error);
    if (name === undefined) throw error;
    const message = `${needer} needs the package ${name}, which is not installed: npm install ${name}${otherWay}`;
    throw new DispatchError('FAILED_PRECONDITION', message, { cause: error });
  }
}

/** The package that a module or a script could not find; undefined for any other error, also for a file that is missing. */
function missingPackage(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined;
  return /Cannot find (?:package|module) '((?:@[^/']+\/)?[^./'][^/']*)/.exec(messageOf(error))?.[1];
}
