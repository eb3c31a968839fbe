/** The simulator in a tab: what a run of a seed comes to. */
import { drawScript, Simulator, type Outcome } from '../../../core/sim/index.ts';

export async function simulate(seed: number): Promise<Outcome> {
  return new Simulator(drawScript(seed)).run();
}
