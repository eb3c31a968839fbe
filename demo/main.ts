import { mount } from 'svelte';
import { firstValueFrom } from 'rxjs';
import AppView from './app.svelte';
import { expectLesson } from './shell/begin.ts';
import { installControl } from './shell/control.ts';
import { makeApp, openTabBroker } from './shell/make-app.ts';
import './styles/base.css';

const app = makeApp(openTabBroker());
installControl(app);

async function show(): Promise<void> {
  // Where its files cannot be loaded, the page says so once it is there.
  await expectLesson(await firstValueFrom(app.route$)).catch(() => {});
  const target = document.querySelector('#app')!;
  // What stood there until now was the outline of what is to come.
  target.replaceChildren();
  mount(AppView, { target, props: { app } });
}

void show();

// Files of a folder on disk have no service worker, and a page that is framed may be denied one.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register('./sw.js').catch(() => {});
}
