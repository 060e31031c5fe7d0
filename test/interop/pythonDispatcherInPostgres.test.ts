import { describeInPostgres } from './databases.js';
import { describeDispatcher } from './dispatcherCases.js';

describeInPostgres('a Python dispatcher and our service that keeps dispatches', describeDispatcher);
