import { describeInPostgres } from './databases.js';
import { describeRestart } from './dispatcherRestart.js';

describeInPostgres('a Python dispatcher whose service is restarted and keeps dispatches', describeRestart);
