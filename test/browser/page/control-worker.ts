/** The script of a worker whose user controls the broker besides, by a port of his own. */
import { hostBrokers } from 'tabmq/browser';

hostBrokers({
  control(port, { broker }) {
    const subscription = broker.events$.subscribe(({ type }) => port.postMessage(type));
    port.onmessage = ({ data }) => {
      if (data === 'end') close();
      else port.postMessage(broker.connectionCount);
    };
    return () => subscription.unsubscribe();
  },
});
