import { BehaviorSubject, filter, Subject, throttleTime } from 'rxjs';
import { compileClient } from '../clients/compile.ts';
import type { BrokerPort } from '../port/broker-port.ts';
import { RpcClient } from '../port/rpc.ts';
import { TabBroker } from '../port/tab-broker.ts';
import { sandbox } from '../sandbox/sandbox.ts';
import type { App, Selection } from './app.ts';
import { brokerLine } from './broker-line.ts';
import { lossesOf } from './losses.ts';
import { setNotice } from './notices.ts';
import { go, route$ } from './router.ts';
import { topologyOf } from './topology.ts';

/** Sentences that a screen reader is told of in one second. */
const ANNOUNCE_MS = 1000;

/** The broker of this site: one for all tabs. */
export function openTabBroker(): BrokerPort {
  const { place, open } = brokerLine((text) => setNotice('broker', text));
  return new TabBroker(new RpcClient(open), spawnClient, compileClient, place);
}

/** The script is loaded with the first client; it waits for nothing else of the page. */
function spawnClient(name: string, port: MessagePort): () => void {
  const script = import('../clients/worker.ts?script').then((loaded) => loaded.default);
  return sandbox.spawn(name, script, port);
}

export interface RunningApp extends App {
  /** What is to be said to screen readers. */
  readonly said$: Subject<string>;
  /** Whether nothing is said to them. */
  readonly muted$: BehaviorSubject<boolean>;
}

export function makeApp(port: BrokerPort): RunningApp {
  const selection$ = new BehaviorSubject<Selection | undefined>(undefined);
  const sentences$ = new Subject<string>();
  const muted$ = new BehaviorSubject(false);
  const said$ = new Subject<string>();
  sentences$.pipe(
    filter(() => !muted$.value),
    throttleTime(ANNOUNCE_MS, undefined, { leading: true, trailing: true }),
  ).subscribe(said$);
  const topology$ = topologyOf(port);
  return {
    port,
    topology$,
    lost$: lossesOf(port, topology$),
    route$,
    selection$,
    said$,
    muted$,
    go,
    select: (selection) => selection$.next(selection),
    announce: (sentence) => sentences$.next(sentence),
  };
}
