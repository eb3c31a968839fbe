import { switchMap } from 'rxjs';
import { connect } from 'tabmq/client';

connect({ url: 'ws://broker.tab/' }).pipe(
  switchMap((connection) => connection.channel()),
  switchMap((channel) => channel.consume('rabbits', { noAck: true })),
).subscribe((delivery) => {
  console.log(`counting ${delivery.routingKey}`);
});
