import type { WebhookStore } from '../../machines/protocol/webhookStore.js';
import type { Dispatcher } from '../dispatcher/dispatcher.js';
import type { Webhooks } from '../webhook/sendWebhooks.js';
import { readSecretFile } from './access/secretFile.js';
import type { FollowOptions } from './followOptions.js';
import { UsageError } from './input/usageError.js';
import { note } from './output/print.js';

/**
 * Sends the notifications of `follow` to the receiver of `--webhook`, if there is one.
 *
 * @throws UsageError when the address is wrong, or there is no valid secret.
 */
export async function followWebhooks(
  dispatcher: Dispatcher,
  { webhook: url, webhookSecretFile, type }: FollowOptions,
  store: WebhookStore | undefined,
): Promise<Webhooks | undefined> {
  if (url === undefined) return undefined;
  const secret = readSecrets(webhookSecretFile);
  const { sendWebhooks } = await import('../webhook/sendWebhooks.js');
  try {
    return sendWebhooks(dispatcher, {
      url,
      secret,
      type,
      store,
      onProblem: ({ message }) => note(`problem: ${message}`),
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--webhook: ${error.message}.`);
    throw error;
  }
}

/** Notes what is lost without a store, once the dispatcher has stopped. */
export function noteUnsent(webhooks: Webhooks | undefined, store: WebhookStore | undefined): void {
  const queued = webhooks?.queued ?? 0;
  if (queued > 0 && store === undefined)
    note(`${queued} webhooks were not sent; with --store they would be sent later`);
}

/** The secrets of a file, one a line, or that of the environment. */
function readSecrets(path: string | undefined): readonly string[] {
  if (path !== undefined) {
    const lines = readSecretFile(path, '--webhook-secret-file').split(/\r?\n/);
    return lines.map(line => line.trim()).filter(line => line !== '');
  }
  const secret = process.env.DISPATCH_WEBHOOK_SECRET;
  if (secret) return [secret];
  throw new UsageError(
    '--webhook needs a secret: give --webhook-secret-file, or DISPATCH_WEBHOOK_SECRET in the environment.',
  );
}
