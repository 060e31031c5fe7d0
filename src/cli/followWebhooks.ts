import type { WebhookStore } from '../../machines/protocol/webhookStore.js';
import type { Dispatcher } from '../dispatcher/dispatcher.js';
import type { Webhooks } from '../webhook/sendWebhooks.js';
import { readWebhookSecret } from '../webhook/webhookSignature.js';
import { readSecretFile } from './access/secretFile.js';
import type { FollowOptions } from './followOptions.js';
import { UsageError } from './input/usageError.js';
import { note } from './output/print.js';

/** The webhooks of an address. */
export interface FollowedWebhooks {
  readonly url: string;
  readonly webhooks: Webhooks;
}

/**
 * Sends the notifications of `follow` to the receivers of `--webhook`. What waits in the store for other addresses is dropped when there are any.
 *
 * @throws UsageError when an address is wrong or there twice, or has no valid secret.
 */
export async function followWebhooks(
  dispatcher: Dispatcher,
  { webhook: receivers = [], webhookSecretFile, type }: FollowOptions,
  store: WebhookStore | undefined,
): Promise<FollowedWebhooks[]> {
  if (receivers.length === 0) return [];
  const addresses = receivers.map(url => (URL.canParse(url) ? new URL(url).href : url));
  if (new Set(addresses).size < receivers.length) throw new UsageError('--webhook: an address is there twice.');
  const secrets = secretsOf(receivers, webhookSecretFile);
  const { sendWebhooks } = await import('../webhook/sendWebhooks.js');
  const onProblem = ({ message }: Error) => note(`problem: ${message}`);
  try {
    return receivers.map((url, index) => {
      const secret = secrets[index] ?? [];
      return { url, webhooks: sendWebhooks(dispatcher, { url, secret, type, store, receivers, onProblem }) };
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--webhook: ${error.message}.`);
    throw error;
  }
}

/** Notes how many webhooks a receiver did not get, once the dispatcher has stopped. */
export function noteUnsent(followed: readonly FollowedWebhooks[], store: WebhookStore | undefined): void {
  for (const { url, webhooks } of followed) {
    const { queued, delivered, coalesced, dropped } = webhooks;
    if (queued + coalesced + dropped === 0) continue;
    const later =
      store === undefined ? '; with --store they would be sent later' : '; they are sent after the next start';
    const parts = [
      `${delivered} sent`,
      ...(coalesced > 0 ? [`${coalesced} replaced by newer ones of their dispatch`] : []),
      ...(dropped > 0 ? [`${dropped} dropped because their run was over`] : []),
      ...(queued > 0 ? [`${queued} not sent${later}`] : []),
    ];
    // Its path may hold a secret.
    note(`webhooks of ${new URL(url).origin}: ${parts.join(', ')}`);
  }
}

/** The secrets of each receiver: of the one file for all, of the files in turn, or of the environment. */
function secretsOf(receivers: readonly string[], files: readonly string[] = []): readonly (readonly string[])[] {
  if (files.length > 1 && files.length !== receivers.length) {
    throw new UsageError('--webhook-secret-file must be there once, or once for each --webhook.');
  }
  const secrets = files.map(file => {
    const lines = readSecretFile(file, '--webhook-secret-file').split(/\r?\n/);
    const inFile = lines.map(line => line.trim()).filter(line => line !== '');
    if (inFile.length === 0) throw new UsageError(`--webhook-secret-file: the file ${file} is empty.`);
    return checkedSecrets(inFile, `--webhook-secret-file: the file ${file}`);
  });
  const all = secrets.length > 1 ? secrets : receivers.map(() => secrets[0] ?? []);
  if (files.length > 0) return all;
  const secret = process.env.DISPATCH_WEBHOOK_SECRET;
  if (secret) return receivers.map(() => checkedSecrets([secret], 'DISPATCH_WEBHOOK_SECRET'));
  throw new UsageError(
    '--webhook needs a secret: give --webhook-secret-file, or DISPATCH_WEBHOOK_SECRET in the environment.',
  );
}

/** Refuses secrets that are none, in the name of where they come from. */
function checkedSecrets(secrets: readonly string[], from: string): readonly string[] {
  try {
    secrets.forEach(readWebhookSecret);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${from}: ${error.message}.`);
    throw error;
  }
  return secrets;
}
