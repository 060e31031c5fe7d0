import { getChannelzHandlers } from '@grpc/grpc-js';

/** What a process holds open at a moment, by kind. */
type OpenHandles = Record<string, number>;

/** What a scene held open before it, while it was on, and after it. */
export interface PlayedScene {
  readonly name: string;
  readonly before: OpenHandles;
  readonly during: OpenHandles;
  readonly after: OpenHandles;
}

/**
 * Plays scenes one after the other, and prints a line of JSON about each ({@link PlayedScene}): what is still open after it
 * was never let go of.
 *
 * @param scenes - begin something, and return how to end it.
 */
export async function playScenes(scenes: Record<string, () => Promise<() => void>>): Promise<void> {
  // What it prints goes through a handle that is there from the first line on.
  process.stdout.write('');
  const before = openHandles();
  for (const [name, play] of Object.entries(scenes)) {
    const end = await play();
    const during = openHandles();
    end();
    // A closed connection needs some turns to go.
    for (let turns = 0; turns < 1000 && JSON.stringify(openHandles()) !== JSON.stringify(before); turns++) {
      await new Promise(resolve => setImmediate(resolve));
    }
    console.log(JSON.stringify({ name, before, during, after: openHandles() } satisfies PlayedScene));
  }
}

function openHandles(): OpenHandles {
  const counts: OpenHandles = { channels: openChannels() };
  // What the program does at this moment is no handle.
  for (const name of process
    .getActiveResourcesInfo()
    .filter(resource => !/Immediate|CloseReq|ReqWrap|REQWRAP/.test(resource))) {
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** How many channels grpc-js knows of. */
function openChannels(): number {
  let count = Number.NaN;
  const request = { start_channel_id: 0, max_results: 100 };
  const answer = (_: unknown, response: { channel: unknown[] }) => {
    count = response.channel.length;
  };
  getChannelzHandlers().GetTopChannels?.({ request } as never, answer as never);
  return count;
}
