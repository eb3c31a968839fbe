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

/** The one at an address; a scenario opens on the canvas. */
export function screenAt(
  screens: readonly Screen[], { path: [place = 'canvas'] }: Route,
): Screen | undefined {
  const wanted = place === 's' ? 'canvas' : place;
  return screens.find(({ route }) => route === wanted);
}

export const panels = Object.values(panelFiles).toSorted((a, b) => a.order - b.order);
