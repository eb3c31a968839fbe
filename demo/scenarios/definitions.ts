import type { Topology } from './format.ts';

/** What a scenario leaves out is as a client would declare it. */
export function definitionsOf(
  { vhosts = [], exchanges = [], queues = [], bindings = [] }: Topology,
) {
  return {
    vhosts,
    exchanges: exchanges.map((each) => ({ durable: true, ...each })),
    queues: queues.map((each) => ({ durable: true, ...each })),
    bindings: bindings.map((each) => ({ destination_type: 'queue', ...each })),
  };
}
