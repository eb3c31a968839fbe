import { firstValueFrom } from 'rxjs';
import type { StepUnit } from '../port/clock-control.ts';
import type { App, Command } from './app.ts';
import type { RunningApp } from './make-app.ts';
import { openBlank } from './open-scenario.ts';
import { screensFor } from './registry.ts';
import { scenarioNames } from '../scenarios/load.ts';
import { nextTheme } from './theme.ts';

/** What only the page itself can do. */
interface PageActions {
  readonly share: () => void;
}

/** Screens add theirs while they are shown. */
const ofScreens = new Set<readonly Command[]>();

/** Adds the commands of a screen; answers how to take them away. */
export function addCommands(commands: readonly Command[]): () => void {
  ofScreens.add(commands);
  return () => ofScreens.delete(commands);
}

/** Every command that there is now. */
export type Commands = () => readonly Command[];

export function commandsOf(app: RunningApp, page: PageActions): Commands {
  const own: readonly Command[] = [
    { title: 'Find a command', key: 'Ctrl+k', run: () => app.open('palette') },
    { title: 'Show all shortcuts', key: '?', run: () => app.open('shortcuts') },
    { title: 'Show the legend', key: 'l', run: () => app.open('legend') },
    ...(app.port.capabilities.clients ? commandsOfTab(app, page) : []),
    ...clockCommands(app),
    ...screensFor(app.port).map(({ title, route }): Command => (
      { title: `Go to ${title}`, run: () => app.go(`/${route}`) }
    )),
    {
      title: 'Say what happens to screen readers, or nothing', key: 'm',
      run: () => app.muted$.next(!app.muted$.value),
    },
    { title: 'Change between light, dark and system', run: nextTheme },
  ];
  return () => [...own, ...[...ofScreens].flat()];
}

/** What begins something with clients that run in this page. */
function commandsOfTab(app: App, { share }: PageActions): readonly Command[] {
  return [
    { title: 'Share this playground, or open a file', run: share },
    ...scenarioNames.map((name): Command => (
      { title: `Open the scenario ${name}`, run: () => app.go(`/s/${name}`) }
    )),
    {
      title: 'Begin with a blank canvas',
      run: () => void openBlank(app).then(() => app.go('/canvas')),
    },
  ];
}

export const stepKeys: Readonly<Record<StepUnit, string>> = { frame: '.', hop: ',', event: ';' };

function clockCommands({ port: { clock } }: App): readonly Command[] {
  if (clock === undefined) return [];
  return [
    {
      title: 'Pause or go on', key: ' ',
      run: async () => {
        const { paused } = await firstValueFrom(clock.state$);
        await (paused ? clock.resume() : clock.pause());
      },
    },
    { title: 'Step one frame', key: stepKeys.frame, run: () => void clock.step('frame') },
    { title: 'Step one hop of a message', key: stepKeys.hop, run: () => void clock.step('hop') },
    {
      title: 'Step one event of the broker', key: stepKeys.event,
      run: () => void clock.step('event'),
    },
    { title: 'Go to the next timer', key: 'n', run: () => void clock.nextTimer() },
  ];
}

/** The command of a key, unless the key is meant for what has the focus. */
export function commandFor(commands: Commands, event: KeyboardEvent): Command | undefined {
  if (event.defaultPrevented || event.altKey || event.metaKey) return undefined;
  if (!event.ctrlKey && takesKeys(event.target, event.key)) return undefined;
  const key = event.ctrlKey ? `Ctrl+${event.key.toLowerCase()}` : event.key;
  return commands().find((command) => command.key === key);
}

function takesKeys(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const dialog = target.closest('dialog');
  // A dialog that was just closed keeps the focus until the page is painted.
  if (dialog !== null) return dialog.open;
  if (target.closest('input, textarea, select, [contenteditable="true"]') !== null) return true;
  return key === ' ' && target.closest('button, a, summary, [role]') !== null;
}

/** A key as it stands on a keyboard. */
export function keyText(key: string): string {
  const [last = '', modifier] = key.split('+').toReversed();
  const name = last === ' ' ? 'Space' : last.toUpperCase();
  return modifier === undefined ? name : `${modifier} ${name}`;
}
