/**
 * Every kind, state, mark, control and word of the playground in one line each. The legend lists
 * them, and what has the attribute `data-explain` with such a name shows its line on hover and on
 * focus.
 */
export interface Explanation {
  readonly title: string;
  readonly text: string;
  /** Path data of an icon on 16 by 16, for those that have a sign of their own. */
  readonly icon?: string;
  /** The colour of the sign; default: that of the text. */
  readonly colour?: string;
  /** Whether the sign is filled. */
  readonly filled?: boolean;
}

type Group = Readonly<Record<string, Explanation>>;

const circle = 'M8 3.5a4.5 4.5 0 1 0 .01 0z';

const kinds: Group = {
  producer: {
    title: 'producer', text: 'A program that publishes messages to an exchange.',
    icon: 'M2 8h9M8 4l4 4-4 4', colour: 'var(--producer)',
  },
  consumer: {
    title: 'consumer', text: 'A program to which the broker delivers the messages of a queue.',
    icon: 'M14 8H5M8 4 4 8l4 4M2 3v10', colour: 'var(--consumer)',
  },
  both: {
    title: 'producer and consumer', text: 'A program that consumes and publishes as well.',
    icon: 'M2 5h10M9 2l3 3-3 3M14 11H4M7 8l-3 3 3 3', colour: 'var(--producer)',
  },
  exchange: {
    title: 'exchange', text: 'Takes each message and hands it to the queues that it is bound to.',
    icon: 'M8 2l5.2 3v6L8 14l-5.2-3V5z', colour: 'var(--exchange)',
  },
  'default exchange': {
    title: 'default exchange',
    text: 'It has no name, and hands each message to the queue that its routing key names.',
    icon: 'M8 2l5.2 3v6L8 14l-5.2-3V5z', colour: 'var(--exchange)',
  },
  queue: {
    title: 'queue', text: 'Messages wait in it, in order, until a consumer has taken them over.',
    icon: 'M2 4h12v8H2zM6 4v8M10 4v8', colour: 'var(--queue)',
  },
};

const solid = 'M1 8h12M10 5l4 3-4 3';
const dashed = 'M1 8h3M6 8h3M11 8h2M11 5l4 3-4 3';

const lines: Group = {
  'publish line': {
    title: 'line to an exchange', text: 'A program publishes: its messages go to the arrow.',
    icon: solid,
  },
  'binding line': {
    title: 'line from an exchange',
    text: 'A binding: what fits the key that stands at it goes to the arrow.', icon: solid,
  },
  'deliver line': {
    title: 'line to a consumer', text: 'The queue delivers its messages along it.', icon: solid,
  },
  'dead-letter line': {
    title: 'dashed line of a queue', text: 'Where messages go that die in the queue.',
    icon: dashed, colour: 'var(--danger)',
  },
  'alternate line': {
    title: 'dashed line of an exchange',
    text: 'Where messages go that fit no binding of the exchange.',
    icon: dashed, colour: 'var(--danger)',
  },
  'implicit line': {
    title: 'dotted line', text: 'Each queue is bound to the default exchange by its own name.',
    icon: 'M1 8h1M5 8h1M9 8h1M11 5l4 3-4 3',
  },
};

const messages: Group = {
  ready: {
    title: 'filled dot', text: 'A message that waits, or is on its way. Each keeps its colour.',
    icon: circle, colour: 'var(--message-1)', filled: true,
  },
  unacked: {
    title: 'hollow dot', text: 'It was delivered, and is not acknowledged yet.',
    icon: circle, colour: 'var(--message-1)',
  },
  redelivered: {
    title: 'ring with a point, “redelivered”',
    text: 'It is delivered again: somebody had it before and gave it back, or crashed.',
    icon: `${circle}M8 7.5a.5.5 0 1 0 .01 0z`, colour: 'var(--message-1)',
  },
  dead: {
    title: 'triangle', text: 'It is dead-lettered: rejected, expired, or pushed out of its queue.',
    icon: 'M8 3l5 9H3z', colour: 'var(--danger)', filled: true,
  },
  dropped: {
    title: 'cross', text: 'It is dropped: nobody will ever get it. The word beside it says why.',
    icon: 'M4 4l8 8M12 4l-8 8', colour: 'var(--danger)',
  },
  expiring: {
    title: 'dot like a clock',
    text: 'The part of its time to live that a waiting message has left.',
    icon: `${circle}M8 8V4M8 8l3 2`, colour: 'var(--message-1)',
  },
};

const states: Group = {
  depth: {
    title: 'number of a queue', text: 'Messages in it: those that wait and those that are held.',
  },
  bar: {
    title: 'bar of a queue', text: 'Filled: what waits. Striped: what is held unacknowledged.',
  },
  lid: {
    title: 'lid of a queue', text: 'It closes as the queue fills up to the limit that it has.',
  },
  arguments: { title: 'words of a queue', text: 'The rules that it was declared with.' },
  internal: { title: 'internal', text: 'Other exchanges alone can publish to it.' },
  slots: {
    title: 'slots of a consumer',
    text: 'Its prefetch: how many messages it may hold. Filled slots are messages that it holds.',
  },
  holds: { title: 'holds', text: 'Messages that it was handed and has not acknowledged.' },
  'no ack': {
    title: 'no ack',
    text: 'It acknowledges nothing: what it is handed counts as done, and is lost if it crashes.',
  },
  silent: {
    title: 'acknowledges nothing',
    text: 'It has held messages for long and acknowledged none: a forgotten ack stops its queue.',
  },
  'no consumer': {
    title: 'nobody consumes',
    text: 'Messages come in, and nothing takes them out: the queue grows.',
  },
  lost: {
    title: 'lost',
    text: 'Without acknowledgements all that was handed over and not finished is gone.',
  },
  running: { title: 'running', text: 'Its code runs, and answers.' },
  starting: { title: 'starting', text: 'Its code is being loaded.' },
  killed: {
    title: 'killed', text: 'It crashed because it was told to: with no word to the broker.',
  },
  failed: { title: 'failed', text: 'Its code threw an error, which its console shows.' },
  paused: { title: 'paused', text: 'Nothing reaches it, and the broker does not know.' },
  busy: {
    title: 'busy', text: 'It has not answered for two seconds: perhaps an endless loop. Kill it.',
  },
  active: {
    title: 'crown', text: 'The active one: its queue serves one consumer at a time.', icon:
      'M3 12h10M3 10l-1-6 3.5 3L8 3l2.5 4L14 4l-1 6z',
  },
  blocked: {
    title: 'connection.blocked', text: 'The broker takes nothing from it until it has room again.',
  },
  slow: { title: 'milliseconds', text: 'Each message takes so long on its line.' },
  transient: { title: 'transient', text: 'Gone after a restart of the broker.' },
};

const canvas: Group = {
  'zoom in': { title: 'zoom in', text: 'The picture larger. The wheel of a mouse does it too.' },
  'zoom out': { title: 'zoom out', text: 'The picture smaller.' },
  'show everything': { title: 'show everything', text: 'All of the picture in sight.' },
  undo: { title: 'undo (Ctrl Z)', text: 'Takes the last change of the canvas back.' },
  tidy: { title: 'tidy', text: 'Arranges all things anew, so that few lines cross.' },
  table: { title: 'table (T)', text: 'The same things as rows, for keys and screen readers.' },
  kill: { title: 'kill', text: 'Crashes the program: its connection breaks without a word.' },
  restart: { title: 'restart', text: 'Runs the code of the program from its beginning.' },
};

const clock: Group = {
  begin: { title: 'begin again', text: 'Everything anew, with the same seed.' },
  'stop time': {
    title: 'stop time, go on (Space)', text: 'Clients and broker stand still together, or go on.',
  },
  step: {
    title: 'step',
    text: 'One frame (.), one event (;) or one hop of a message (,), then it stands.',
  },
  'next timer': {
    title: 'to the next timer (N)', text: 'Jumps over the time in which nothing happens.',
  },
  speed: { title: 'speed', text: 'Seconds of this time for one of yours; double-click is 1×.' },
  time: { title: 'time', text: 'The time in which clients and broker live, from its beginning.' },
  seed: { title: 'seed', text: 'The same seed is the same run, to the byte. Another begins anew.' },
  timers: { title: 'next', text: 'What waits for its time: of the broker, and of clients.' },
  'stop when': { title: 'stop when', text: 'Time stops by itself when this happens.' },
};

const words: Group = {
  message: { title: 'message', text: 'Bytes with a few properties: what is sent from end to end.' },
  acknowledged: {
    title: 'acknowledge', text: 'A consumer tells the broker: done, you can forget this message.',
  },
  delivery: { title: 'delivery', text: 'The broker hands a message to a consumer.' },
  bytes: { title: 'bytes', text: 'What really goes over the wire between client and broker.' },
  bit: { title: 'bit', text: 'The smallest piece of a byte: yes or no.' },
  frame: {
    title: 'frame', text: 'The unit of the wire: a command, a header, or a piece of a body.',
  },
  binding: { title: 'binding', text: 'Ties a queue to an exchange, mostly with a key to compare.' },
  'routing key': {
    title: 'routing key', text: 'A short text with each message by which an exchange decides.',
  },
  fanout: { title: 'fanout', text: 'An exchange that gives every queue bound to it a copy.' },
  direct: {
    title: 'direct', text: 'An exchange that compares the routing key: it must be the same.',
  },
  topic: {
    title: 'topic', text: 'An exchange that compares words of the key: * is one, # is any number.',
  },
  headers: {
    title: 'headers', text: 'An exchange that compares headers of a message, and no key.',
  },
  prefetch: { title: 'prefetch', text: 'How many messages a consumer may hold at a time.' },
  exclusive: { title: 'exclusive', text: 'For one connection alone, and gone with it.' },
  confirms: { title: 'confirm', text: 'The broker tells a publisher that it has taken a message.' },
  nack: { title: 'nack', text: 'The opposite of an acknowledgement.' },
  'dead-letters': {
    title: 'dead letter', text: 'A message that a queue sends on, as it cannot stay.',
  },
};

/** Groups of the legend, in its order. */
export const legend: readonly (readonly [string, Group])[] = [
  ['Kinds', kinds], ['Lines', lines], ['Messages', messages], ['States and marks', states],
  ['Canvas', canvas], ['Clock', clock], ['Words', words],
];

const all = new Map(legend.flatMap(([, group]) => Object.entries(group)));

/** The line for a name; undefined: it needs none. */
export function explanationOf(name: string): Explanation | undefined {
  return all.get(name);
}
