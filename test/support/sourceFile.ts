import { fileURLToPath } from 'node:url';

/**
 * The path of a file beside a module in the sources, also when the module is the compiled one.
 *
 * @param moduleUrl `import.meta.url`
 */
export function sourceFile(path: string, moduleUrl: string): string {
  return fileURLToPath(new URL(path, moduleUrl.replace('/build/test/', '/test/')));
}
