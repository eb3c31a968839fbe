/** What a screen gets from the shell, and how it is found. */
import type { Component } from 'svelte';
import type { Observable } from 'rxjs';
import type { TopologyView } from '../../core/management/index.ts';
import type { BrokerPort, Capabilities } from '../port/broker-port.ts';
import type { Attention } from './attention.ts';
import type { Losses } from './losses.ts';

/** A place in the app: `#/wire?conn=2` is `{ path: ['wire'], query: { conn: '2' } }`. */
export interface Route {
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** What the inspector on the right shows. */
export type Selection =
  | { readonly kind: 'exchange' | 'queue' | 'client' | 'connection'; readonly name: string }
  | { readonly kind: 'message'; readonly message: number };

export type PageDialog = 'palette' | 'shortcuts' | 'legend';

/** The one object that all screens share. */
export interface App {
  readonly port: BrokerPort;
  /** What a picture of the broker shows; asked anew after each batch of the tap. */
  readonly topology$: Observable<TopologyView>;
  readonly route$: Observable<Route>;
  readonly selection$: Observable<Selection | undefined>;
  /** Messages that were lost since the world began, by queue. */
  readonly lost$: Observable<Losses>;
  /** Clients and queues that somebody should look at. */
  readonly attention$: Observable<Attention>;
  go(path: string): void;
  /** Opens a dialog of the page. */
  open(dialog: PageDialog): void;
  select(selection: Selection | undefined): void;
  /** Says a sentence to screen readers, at most one a second. */
  announce(sentence: string): void;
}

/** Props of the component of a screen, and of a panel. */
export interface ScreenProps {
  readonly app: App;
}

/**
 * A screen is a folder `demo/screens/<name>/` with a `screen.ts` that exports one of these as
 * `screen`. The shell finds it by itself and loads the component when it is first opened.
 */
export interface Screen {
  /** First part of the path: `wire` for `#/wire`. */
  readonly route: string;
  readonly title: string;
  /** Place in the rail, from 1. */
  readonly order: number;
  /** Path data of an icon drawn with strokes on 24 by 24. */
  readonly icon: string;
  /** Whether it has all the room: nothing in it is for the inspector to show. */
  readonly alone?: boolean;
  /** What it cannot be without. */
  readonly needs?: readonly (keyof Capabilities)[];
  readonly load: () => Promise<{ readonly default: Component<ScreenProps> }>;
}

/**
 * What the inspector shows of a selection: `demo/panels/<name>/panel.ts` exports one as `panel`.
 * All panels that show the kind stand below each other, by order.
 */
export interface Panel {
  readonly title: string;
  readonly order: number;
  readonly shows: readonly Selection['kind'][];
  /** Whether it is shown as well while nothing is selected. Default: false. */
  readonly idle?: boolean;
  /** What it cannot be without. */
  readonly needs?: readonly (keyof Capabilities)[];
  readonly load: () => Promise<{ readonly default: Component<ScreenProps> }>;
}

/** A command of the palette (Ctrl+K), with its key where it has one. */
export interface Command {
  readonly title: string;
  /** As `KeyboardEvent.key` has it, `Ctrl+` in front where so. */
  readonly key?: string;
  readonly run: (app: App) => void;
}
