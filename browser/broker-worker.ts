/** The script of a worker or a shared worker that runs brokers. */
import { hostBrokers } from './broker-host.ts';

hostBrokers();
