// How do I create, update and delete a dispatch?
import { DispatchClient } from 'xstate-dispatch';

await using client = new DispatchClient({
  address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
  authKey: process.env.DISPATCH_API_AUTH_KEY,
  signSecret: process.env.DISPATCH_API_SIGN_SECRET,
});
const microgrid = client.forMicrogrid(1);

const created = await microgrid.create({
  type: 'ECHO_FREQUENCY',
  startTime: new Date(Date.now() + 10 * 60_000),
  durationMs: 5 * 60_000,
  selector: { categories: [{ category: 'INVERTER' }] },
  payload: { font: 'Times New Roman' },
  recurrence: { frequency: 'DAILY', interval: 1, count: 3 },
});
console.log(`created dispatch ${created.id}, which runs for ${Number(created.durationMs) / 60_000} minutes`);

await microgrid.update(created.id, { durationMs: 10 * 60_000 });
const modified = await microgrid.get(created.id);
console.log(
  `now it runs for ${Number(modified.durationMs) / 60_000} minutes, for the last time until ${modified.endTime?.toISOString()}`,
);

for await (const dispatch of microgrid.list({ active: true })) console.log(`active: ${dispatch.id} ${dispatch.type}`);

await microgrid.delete(created.id);
console.log(`deleted dispatch ${created.id}`);
