import {
  BehaviorSubject, distinctUntilKeyChanged, filter, Subject, take, throttleTime,
} from 'rxjs';
import { compileClient } from '../clients/compile.ts';
import type { BrokerPort } from '../port/broker-port.ts';
import type { ClockControl } from '../port/clock-control.ts';
import type { Home } from '../port/home.ts';
import { RpcClient } from '../port/rpc.ts';
import { TabBroker } from '../port/tab-broker.ts';
import { sandbox, type OnRefused } from '../sandbox/sandbox.ts';
import type { App, PageDialog, Selection } from './app.ts';
import { attentionOf } from './attention.ts';
import { brokerLine } from './broker-line.ts';
import { clockText } from './format.ts';
import { lossesOf } from './losses.ts';
import { setNotice } from './notices.ts';
import { go, route$ } from './router.ts';
import { topologyOf } from './topology.ts';
import { workspaces$ } from './workspaces.ts';

/** How long the broker may take to begin before somebody is told. */
const SILENCE_MS = 15_000;
/** Sentences that a screen reader is told of in one second. */
const ANNOUNCE_MS = 1000;

/** The broker of this site: one for all tabs. */
export function openTabBroker(): BrokerPort {
  const { place, open } = brokerLine((text) => setNotice('broker', text));
  const broker = new TabBroker(
    new RpcClient(open), spawnClient, compileClient, place, () => workspaces$.value.current,
  );
  watchForSilence(broker.home);
  watchForFaults(broker.clock);
  return broker;
}

/** Not every browser tells of the script of a shared worker that it could not be loaded. */
function watchForSilence({ state$ }: Home): void {
  const tell = (): void => setNotice('broker', 'The broker does not answer: either this machine ' +
    'is very busy, or its script could not be loaded. Wait, or load the page again.');
  const timer = setTimeout(tell, SILENCE_MS);
  state$.pipe(take(1)).subscribe(() => {
    clearTimeout(timer);
    setNotice('broker', '');
  });
}

function watchForFaults({ state$ }: ClockControl): void {
  state$.pipe(distinctUntilKeyChanged('fault')).subscribe(({ fault, now }) => {
    setNotice('world', fault && `At ${clockText(now)} the broker met with a fault of its own, ` +
      `which stopped time: ${fault}. It can go on; where something hangs, begin again.`);
  });
}

/** The script is loaded with the first client; it waits for nothing else of the page. */
function spawnClient(name: string, port: MessagePort, onRefused: OnRefused): () => void {
  const script = import('../clients/worker.ts?script').then((loaded) => loaded.default);
  return sandbox.spawn(name, script, port, onRefused);
}

export interface RunningApp extends App {
  /** What is to be said to screen readers. */
  readonly said$: Subject<string>;
  /** Whether nothing is said to them. */
  readonly muted$: BehaviorSubject<boolean>;
  /** Dialogs that are to be opened. */
  readonly dialogs$: Subject<PageDialog>;
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
  const dialogs$ = new Subject<PageDialog>();
  return {
    port,
    topology$,
    lost$: lossesOf(port, topology$),
    attention$: attentionOf(port, topology$),
    dialogs$,
    open: (dialog) => dialogs$.next(dialog),
    route$,
    selection$,
    said$,
    muted$,
    go,
    select: (selection) => selection$.next(selection),
    announce: (sentence) => sentences$.next(sentence),
  };
}
