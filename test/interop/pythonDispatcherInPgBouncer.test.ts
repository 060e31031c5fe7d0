import { describeInPgBouncer } from './databases.js';
import { describeDispatcher } from './dispatcherCases.js';

describeInPgBouncer('a Python dispatcher and our service that keeps dispatches', describeDispatcher);
