/** The broker as a library, without a port: publish to an Observer, consume an Observable. */
import { take } from 'rxjs';
import { Broker } from 'tabmq';

const broker = new Broker();
const vhost = broker.vhost('/');
vhost.declareQueue({ queue: 'tasks' });

// Unsubscribing, as `take` does after two deliveries, is what basic.cancel is on the wire.
vhost.queue('tasks').consume().pipe(take(2)).subscribe((message) => {
  console.log(`received: ${new TextDecoder().decode(message.body)}`);
  message.ack();
});

const exchange = vhost.exchange('');
exchange.next({ routingKey: 'tasks', body: 'hello' });
exchange.next({ routingKey: 'tasks', body: 'and again' });
