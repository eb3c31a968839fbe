/** The simulator: production broker and sessions on a virtual clock, network and disk. */
export { makeBroker, type MakeBroker } from './broker-process.ts';
export type { Plan, OperationKind } from './plan.ts';
export { describeFailure } from './report.ts';
export { drawScript, type Operation, type Script } from './script.ts';
export { shrink } from './shrink.ts';
export { Simulator, type Failure, type Outcome } from './simulator.ts';
