import { snapshotBeginnings } from '../support/lifecycle/beginnings.js';
import { describeLives } from '../support/lifecycle/describeLives.js';

describeLives(snapshotBeginnings);
