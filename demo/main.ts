import { mount, unmount } from 'svelte';
import { firstValueFrom } from 'rxjs';
import AppView from './app.svelte';
import { showsServer, TAB_SEARCH } from './server/which-broker.ts';
import { expectLesson } from './shell/begin.ts';
import { installControl } from './shell/control.ts';
import { makeApp, openTabBroker, type RunningApp } from './shell/make-app.ts';
import { servedUrl } from './shell/served-url.ts';
import './styles/base.css';

const target = document.querySelector('#app')!;

function show(app: RunningApp): void {
  // What stood there until now was the outline of what is to come.
  target.replaceChildren();
  mount(AppView, { target, props: { app } });
}

async function showTab(): Promise<void> {
  // A gateway's page goes on showing the tab, wherever in it somebody goes.
  if (servedUrl() !== undefined) {
    history.replaceState(history.state, '', `./${TAB_SEARCH}${location.hash}`);
  }
  const app = makeApp(openTabBroker());
  installControl(app);
  // Where its files cannot be loaded, the page says so once it is there.
  await expectLesson(await firstValueFrom(app.route$)).catch(() => {});
  show(app);
}

async function showServer(): Promise<void> {
  const [{ ServerBroker }, { default: Login }] = await Promise.all([
    import('./port/server-broker.ts'), import('./server/login.svelte'),
  ]);
  // What was looked at is looked at again once somebody has logged in.
  let isIn = false;
  const broker = new ServerBroker(() => isIn && location.reload());
  const enter = async (): Promise<boolean> => {
    isIn = await broker.enter();
    if (isIn) show(makeApp(broker));
    return isIn;
  };
  if (await enter()) return;
  target.replaceChildren();
  const login = mount(Login, {
    target,
    props: {
      broker, tab: `./${TAB_SEARCH}`, entered: () => void unmount(login).then(enter),
    },
  });
}

void (showsServer(location) ? showServer() : showTab());

// Files of a folder on disk have no service worker, and a page that is framed may be denied one.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register('./sw.js').catch(() => {});
}
