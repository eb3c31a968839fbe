/** The broker as a library, without a port: publish to an Observer, consume an Observable. */
import { take } from 'rxjs';
import { Broker, bytes, text } from 'tabmq';

const broker = new Broker();
const vhost = broker.vhost('/');
vhost.declareQueue('tasks');

// Unsubscribing, as `take` does after two deliveries, is what basic.cancel is on the wire.
vhost.queue('tasks').consume().pipe(take(2)).subscribe((delivery) => {
  console.log(`received: ${text(delivery.body)}`);
  delivery.ack();
});

const exchange = vhost.exchange('');
exchange.next({ routingKey: 'tasks', body: bytes('hello') });
exchange.next({ routingKey: 'tasks', body: bytes('and again') });
