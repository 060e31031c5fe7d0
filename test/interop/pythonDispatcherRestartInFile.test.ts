import { describeInFile } from './databases.js';
import { describeRestart } from './dispatcherRestart.js';

describeInFile('a Python dispatcher whose service is restarted and keeps dispatches', describeRestart);
