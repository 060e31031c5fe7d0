// What does a failed call tell me?
import { DispatchClient, DispatchError } from 'xstate-dispatch';

await using client = new DispatchClient({
  address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
});
const microgrid = client.forMicrogrid(1);

const { id } = await microgrid.create({
  type: 'CHARGE',
  startTime: 'NOW',
  durationMs: 30 * 60_000,
  selector: { categories: [{ category: 'BATTERY' }] },
  payload: { kw: 5 },
});
console.log(`created dispatch ${id}`);
await microgrid.delete(id);

try {
  await microgrid.update(id, { durationMs: null });
} catch (error) {
  if (!(error instanceof DispatchError)) throw error;
  console.log(`${error.code} for dispatch ${error.dispatchId}`);
  for (const { field, description } of error.violations) console.log(`${field} is wrong: ${description}`);
  if (error.retryable) console.log('the same call may succeed later');
}
