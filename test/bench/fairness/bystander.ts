import amqplib from 'amqplib';

/** Somebody who asks for little: how long each thing takes, in milliseconds. */
export type Waits = { [P in Probe]: number[] };

export const PROBES = ['declare', 'deliver', 'connect', 'health'] as const;
export type Probe = typeof PROBES[number];

/** A hundred messages a second. */
const DELIVER_EVERY_MS = 10;
const CONNECT_EVERY_MS = 100;
const HEALTH_EVERY_MS = 50;
/** Who waits for so long waits no longer; it counts as that. */
const WAIT_MS_MAX = 20_000;

interface Ports {
  readonly amqp: number;
  readonly http?: number | undefined;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Works beside whatever `during` begins, and so many milliseconds on. */
export async function watchBystander(
  ports: Ports, durationMs: number, during: () => void,
): Promise<Waits> {
  const waits: Waits = { declare: [], deliver: [], connect: [], health: [] };
  const open = () => amqplib.connect({ hostname: '127.0.0.1', port: ports.amqp, heartbeat: 0 });
  const [asking, publishing] = [await open(), await open()];
  const declarer = await asking.createChannel();
  const messenger = await publishing.createChannel();
  const { queue } = await declarer.assertQueue('', { exclusive: false, autoDelete: true });
  await messenger.consume(queue, (message) => {
    waits.deliver.push(performance.now() - Number(message!.content.toString()));
  }, { noAck: true });
  const measure = async (probe: Probe, everyMs: number, act: () => Promise<unknown>) => {
    while (performance.now() < end) {
      const began = performance.now();
      await Promise.race([act(), pause(WAIT_MS_MAX)]);
      waits[probe].push(performance.now() - began);
      await pause(everyMs);
    }
  };
  const end = performance.now() + durationMs;
  during();
  const timer = setInterval(() => {
    messenger.sendToQueue(queue, Buffer.from(String(performance.now())));
  }, DELIVER_EVERY_MS);
  const works = [
    measure('declare', 1, () => declarer.checkQueue(queue)),
    measure('connect', CONNECT_EVERY_MS, async () => (await open()).close()),
  ];
  if (ports.http !== undefined) {
    const url = `http://127.0.0.1:${ports.http}/health`;
    works.push(measure('health', HEALTH_EVERY_MS, async () => (await fetch(url)).text()));
  }
  await Promise.all(works);
  clearInterval(timer);
  await Promise.race([Promise.all([asking.close(), publishing.close()]), pause(WAIT_MS_MAX)]);
  return waits;
}
