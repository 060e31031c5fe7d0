import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import type { ChangeFeed } from '../feed/changeFeed.js';

/** A feed of which streams and lateness are measured. */
export function measuredFeed(feed: ChangeFeed, registers: Registry[], buckets: number[]): ChangeFeed {
  const lag = new Histogram({
    name: 'dispatch_feed_lag_seconds',
    help: 'From when a change was made until it was given to a stream to send; the count is that of sent events.',
    buckets,
    registers,
  });
  const dropped = new Counter({
    name: 'dispatch_streams_dropped_total',
    help: 'Streams that were ended because their peers did not read.',
    registers,
  });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('dispatch_streams', 'Streams that are open.', () => feed.figures().streams);
  gauge('dispatch_feed_waiting', 'Changes that wait to be sent, of all streams.', () => feed.figures().waiting);
  gauge(
    'dispatch_feed_unread_seconds',
    'For how long the change log has not been readable; 0 while it is.',
    () => feed.figures().unreadMs / 1000,
  );

  return {
    async open(microgridId, signal, onDrop) {
      const stream = await feed.open(microgridId, signal, () => {
        dropped.inc();
        onDrop?.();
      });
      return {
        ...stream,
        async next() {
          const change = await stream.next();
          // The clocks of the database and of this process may differ.
          lag.observe(Math.max(0, Date.now() - change.atUs / 1000) / 1000);
          return change;
        },
      };
    },
    figures: () => feed.figures(),
    stop: () => feed.stop(),
  };
}
