/**
 * What one transaction, one acknowledgement of many, or the first share of each channel of a
 * connection that ends can be here, with the record of each delivery that comes back: not cut.
 */
export const UNCUT_WORK_MAX = 2000;
