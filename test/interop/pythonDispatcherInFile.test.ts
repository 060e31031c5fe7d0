import { describeInFile } from './databases.js';
import { describeDispatcher } from './dispatcherCases.js';

describeInFile('a Python dispatcher and our service that keeps dispatches', describeDispatcher);
