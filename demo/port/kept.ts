import type { Observable } from 'rxjs';
import type { BrokerPort } from './broker-port.ts';

/**
 * What a stream of the broker has at hand: a question that is asked after it was opened is answered
 * after all of that is here, however slow the machine.
 */
export async function kept<T>(port: BrokerPort, stream$: Observable<T>): Promise<T[]> {
  const found: T[] = [];
  const subscription = stream$.subscribe((item) => found.push(item));
  await port.api('/api/overview');
  subscription.unsubscribe();
  return found;
}
