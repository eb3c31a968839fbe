import type { SampleSpan } from '../statistics/statistics.ts';

/** Which samples a request wants beside the present values; absent: none. */
export interface SampleRequest {
  readonly lengths?: SampleSpan;
  readonly messageRates?: SampleSpan;
  readonly dataRates?: SampleSpan;
  readonly nodeStats?: SampleSpan;
}

const parameters = {
  lengths: 'lengths', messageRates: 'msg_rates', dataRates: 'data_rates', nodeStats: 'node_stats',
} as const;

/** Both values are needed, and wrong ones mean nothing, as with RabbitMQ. */
export function sampleRequestOf(query: URLSearchParams): SampleRequest {
  const found = Object.entries(parameters).flatMap(([key, name]) => {
    const [age, incr] = [secondsOf(query, `${name}_age`), secondsOf(query, `${name}_incr`)];
    return age === undefined || incr === undefined ? [] : [[key, { age, incr }]];
  });
  return Object.fromEntries(found) as SampleRequest;
}

function secondsOf(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name) ?? '';
  return /^[1-9]\d{0,8}$/.test(given) ? Number(given) : undefined;
}
