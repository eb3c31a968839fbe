/** Screens and panels: each is a folder, and none is named here. */
import type { BrokerPort } from '../port/broker-port.ts';
import type { Panel, Route, Screen } from './app.ts';

const screenFiles = import.meta.glob<Screen>('../screens/*/screen.ts', {
  eager: true, import: 'screen',
});
const panelFiles = import.meta.glob<Panel>('../panels/*/panel.ts', {
  eager: true, import: 'panel',
});

const allScreens = Object.values(screenFiles).toSorted((a, b) => a.order - b.order);

/** Those that can be shown with this broker, in the order of the rail. */
export function screensFor({ capabilities }: BrokerPort): readonly Screen[] {
  return allScreens.filter(({ needs = [] }) => needs.every((need) => capabilities[need]));
}

/** A server opens with its overview, a tab with its picture, on which a lesson runs as well. */
function firstOf(screens: readonly Screen[]): string {
  return screens.some(({ route }) => route === 'overview') ? 'overview' : 'canvas';
}

/** The one at an address. */
export function screenAt(
  screens: readonly Screen[], { path: [place] }: Route,
): Screen | undefined {
  const wanted = place === 's' || place === undefined ? firstOf(screens) : place;
  return screens.find(({ route }) => route === wanted);
}

const allPanels = Object.values(panelFiles).toSorted((a, b) => a.order - b.order);

/** Those that can be shown with this broker, in their order. */
export function panelsFor({ capabilities }: BrokerPort): readonly Panel[] {
  return allPanels.filter(({ needs = [] }) => needs.every((need) => capabilities[need]));
}
