import * as v from 'valibot';
import { constant, numbers } from '../lists/columns.ts';
import type { Column } from '../lists/table.ts';

/**
 * What RabbitMQ tells of the processes of its runtime, which there are none of here. Clients with
 * fixed types want the keys.
 */
const noCollections = {
  fullsweep_after: 0, max_heap_size: 0, min_bin_vheap_size: 0, min_heap_size: 0, minor_gcs: 0,
};

/** The keys of an Erlang process. */
export function processColumns<T>(): Readonly<Record<string, Column<T>>> {
  return {
    garbage_collection: constant(v.record(v.string(), v.number()), noCollections),
    reductions: numbers(() => 0),
    reductions_details: constant(v.object({ rate: v.number() }), { rate: 0 }),
  };
}

