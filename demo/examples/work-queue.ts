/**
 * Two workers share the tasks of one queue. With a prefetch of one, each takes the next task when
 * it has acknowledged the last one, so the quick worker does more of the work than the slow one.
 */
import { setTimeout as working } from 'node:timers/promises';
import amqplib from 'amqplib';

const connection = await amqplib.connect(process.env['AMQP_URL'] ?? 'amqp://localhost');
const publisher = await connection.createChannel();
const { queue } = await publisher.assertQueue('', { exclusive: true });

let tasksLeft = 8;
for (let task = 1; task <= tasksLeft; task += 1) {
  publisher.sendToQueue(queue, Buffer.from(`task ${task}`));
}

async function startWorker(name: string, taskMs: number): Promise<void> {
  const channel = await connection.createChannel();
  await channel.prefetch(1);
  await channel.consume(queue, async (task) => {
    if (task === null) return;
    await working(taskMs);
    console.log(`${name} did ${task.content}`);
    channel.ack(task);
    tasksLeft -= 1;
    if (tasksLeft > 0) return;
    console.log('all tasks are done');
    await connection.close();
  });
}

await startWorker('the quick worker', 10);
await startWorker('the slow worker', 500);
