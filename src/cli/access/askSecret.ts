import { loadOptional } from '../../model/loadOptional.js';
import { UsageError } from '../input/usageError.js';

/**
 * Asks for a secret on the terminal, which does not show what is typed.
 *
 * @throws UsageError when there is no terminal.
 */
export async function askSecret(message: string): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError('--ask-secret needs a terminal.');
  const { default: password } = await loadOptional('a prompt for a secret', () => import('@inquirer/password'));
  const validate = (text: string) => text !== '' || 'It must not be empty.';
  // What a command prints on stdout is its result.
  return password({ message, mask: true, validate }, { output: process.stderr });
}
