import { it } from 'vitest';
import { missingMacrocosim } from '../interop/macrocosim.js';
import { missingPython } from '../interop/python.js';
import { describeWith } from '../support/describeWith.js';
import { disturbBriefly } from './dispatchers/disturbBriefly.js';
import { macrocosimPeer, pythonPeer } from './dispatchers/otherServices.js';
import { newSeed } from './random.js';

const plan = { faults: 12, lanes: 12, seed: newSeed() };
const what = `lose nothing but versions that are over, and say nothing twice (seed ${plan.seed})`;

describeWith(missingPython(), 'dispatchers whose connections to the service of the Python packages fail', () => {
  it(what, () => disturbBriefly(pythonPeer(), plan));
});

describeWith(missingMacrocosim(), 'dispatchers whose connections to macrocosim fail', () => {
  it(what, () => disturbBriefly(macrocosimPeer(plan.lanes), plan));
});
