import { ackAfter, connect, reconnecting } from 'tabmq/client';
import { delay, of, switchMap } from 'rxjs';

connect('ws://broker.tab/').pipe(
  reconnecting(),
  switchMap((connection) => connection.declareQueue('tasks').pipe(
    switchMap(() => connection.consume('tasks', { prefetch: 1 })),
  )),
  ackAfter((delivery) => of(delivery.text()).pipe(delay(500))),
).subscribe((text) => console.log(`received ${text}`));
