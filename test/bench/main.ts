import { Command } from 'commander';

import { consoleBenchmark } from './console.js';
import { eventsBenchmark } from './events.js';
import { feedBenchmark } from './feed.js';
import { fleetBenchmark } from './fleet/fleet.js';
import { httpBenchmark } from './http.js';
import { idleBenchmark } from './idle.js';
import { latenessBenchmark } from './lateness.js';
import { listBenchmark } from './list.js';
import { loadBenchmark } from './load.js';
import { outageBenchmark } from './outage.js';
import { receiversBenchmark } from './receivers.js';
import { recurrenceBenchmark } from './recurrence.js';
import { jsonReport, type Report, tableReport } from './report.js';
import { resumeBenchmark } from './resume.js';
import { serviceBenchmark } from './service.js';
import { simulateBenchmark } from './simulate.js';
import { storeBenchmark } from './store.js';
import { syncBenchmark } from './sync.js';
import { webBenchmark } from './web.js';
import { writesBenchmark } from './writes.js';

/** Adds a benchmark, as a subcommand of its name, to the program. */
type Benchmark = (program: Command, report: Report) => void;

const BENCHMARKS: readonly Benchmark[] = [
  syncBenchmark,
  resumeBenchmark,
  outageBenchmark,
  latenessBenchmark,
  eventsBenchmark,
  idleBenchmark,
  storeBenchmark,
  simulateBenchmark,
  loadBenchmark,
  listBenchmark,
  serviceBenchmark,
  writesBenchmark,
  httpBenchmark,
  fleetBenchmark,
  feedBenchmark,
  recurrenceBenchmark,
  receiversBenchmark,
  consoleBenchmark,
  webBenchmark,
];

const program = new Command('bench')
  .description('measure this package')
  .option('--json', 'print one JSON object a line: {"bench": NAME, …figures}');
const json = jsonReport(line => console.log(line));
const table = tableReport(text => console.log(text));
const report: Report = (bench, figures) => (program.opts().json ? json : table.report)(bench, figures);
for (const benchmark of BENCHMARKS) benchmark(program, report);
await program.parseAsync();
table.flush();
