import { methodById } from '../../core/protocol/index.ts';
import type { TapEvent, TapOf } from '../../core/management/index.ts';
import type { Breakpoint, StepUnit } from '../port/clock-control.ts';
import { countText } from '../shell/format.ts';

/** Why time is to stop at this event; undefined: it is not. */
export function breakAt(breakpoints: readonly Breakpoint[], event: TapEvent): string | undefined {
  for (const breakpoint of breakpoints) {
    const reason = reasonOf(breakpoint, event);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function reasonOf(breakpoint: Breakpoint, event: TapEvent): string | undefined {
  switch (breakpoint.on) {
    case 'dead-lettered':
      if (event.type !== 'message.dead-lettered') return undefined;
      return `message #${event.message} was dead-lettered from ${event.queue}: ${event.reason}`;
    case 'unroutable':
      if (event.type !== 'message.unroutable') return undefined;
      return `message #${event.message} fits no binding`;
    case 'redelivered':
      if (event.type !== 'message.delivered' || !event.redelivered) return undefined;
      return `message #${event.message} was delivered again`;
    case 'channel-error':
      return closesWithError(event) ? 'the broker refused something' : undefined;
    case 'depth':
      if (event.type !== 'message.enqueued' || event.queue !== breakpoint.queue) return undefined;
      if (event.ready <= breakpoint.above) return undefined;
      return `${event.queue} holds ${countText(event.ready, 'message')}`;
    case 'frame':
      return isFrame(event) ? matchesMethod(event, breakpoint.method) : undefined;
  }
}

function isFrame(event: TapEvent): event is TapOf<'frame.in' | 'frame.out'> {
  return event.type === 'frame.in' || event.type === 'frame.out';
}

function matchesMethod({ bytes }: TapOf<'frame.in' | 'frame.out'>, wanted: string):
string | undefined {
  const name = methodOf(bytes);
  if (name === undefined) return undefined;
  const matches = wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
  return matches ? `${name} went over the wire` : undefined;
}

function closesWithError(event: TapEvent): boolean {
  if (event.type !== 'frame.out') return false;
  const name = methodOf(event.bytes);
  if (name !== 'channel.close' && name !== 'connection.close') return false;
  // A close without an error has reply code 200.
  return ((event.bytes[11]! << 8) | event.bytes[12]!) !== 200;
}

/** `basic.publish`; undefined where the bytes are no method frame. */
export function methodOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 1 || bytes.length < 12) return undefined;
  return methodById((bytes[7]! << 8) | bytes[8]!, (bytes[9]! << 8) | bytes[10]!)?.name;
}

const hops: readonly TapEvent['type'][] = [
  'message.published', 'message.routed', 'message.unroutable', 'message.delivered',
  'message.settled', 'message.requeued', 'message.dead-lettered', 'message.moved',
  'message.dropped',
];

/** Whether a step of this unit has been made with the event. */
export function isStep(unit: StepUnit, event: TapEvent): boolean {
  if (unit === 'frame') return isFrame(event);
  return unit === 'hop' ? hops.includes(event.type) : !isFrame(event);
}
