import { loadOptional } from '../../model/loadOptional.js';
import { ExitCode, INTERRUPTED } from '../exitCode.js';
import { UsageError } from '../input/usageError.js';
import { note } from '../output/print.js';

/**
 * Asks for a secret on the terminal, which shows an asterisk for each character that is typed.
 *
 * @throws UsageError when there is no terminal.
 */
export async function askSecret(message: string): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError('--ask-secret needs a terminal.');
  const { default: password } = await loadOptional('a prompt for a secret', () => import('@inquirer/password'));
  const validate = (text: string) => text !== '' || 'It must not be empty.';
  // What a command prints on stdout is its result.
  try {
    return await password({ message, mask: true, validate }, { output: process.stderr });
  } catch (error) {
    // By Ctrl-C, which the prompt takes for itself.
    if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error;
    note('interrupted');
    throw new ExitCode(INTERRUPTED);
  }
}
