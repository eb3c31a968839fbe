import * as v from 'valibot';
import { column, objects } from '../lists/columns.ts';
import type { SampleRequest } from '../lists/sample-request.ts';
import type { Column } from '../lists/table.ts';
import type { Subject } from '../statistics/kinds.ts';

/** Columns that tell how numbers change. */

const details = v.looseObject({ rate: v.number() });

/** `messages` as `messages_details`: how fast it grows, and samples where these are asked for. */
function detailsOf<T extends Subject>(name: string, which: keyof SampleRequest): Column<T> {
  return column(details, (subject, { statistics, samples }) => (
    statistics.details(subject, name, samples[which])));
}

/** Those of what waits. */
export function lengthDetails<T extends Subject>(): Readonly<Record<string, Column<T>>> {
  return {
    messages_details: detailsOf('messages', 'lengths'),
    messages_ready_details: detailsOf('messages_ready', 'lengths'),
    messages_unacknowledged_details: detailsOf('messages_unacknowledged', 'lengths'),
  };
}

/** Those of what went over the network. */
export function trafficDetails<T extends Subject>(): Readonly<Record<string, Column<T>>> {
  return {
    recv_oct_details: detailsOf('recv_oct', 'dataRates'),
    send_oct_details: detailsOf('send_oct', 'dataRates'),
  };
}

/** What happened to messages. */
export function messageStats<T extends Subject>(): Readonly<Record<string, Column<T>>> {
  return {
    message_stats: objects((subject, { statistics, samples }) => (
      statistics.messageStats(subject, samples.messageRates))),
  };
}
