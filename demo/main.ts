import { mount } from 'svelte';
import AppView from './app.svelte';
import { installControl } from './shell/control.ts';
import { makeApp, openTabBroker } from './shell/make-app.ts';
import './styles/base.css';

const app = makeApp(openTabBroker());
installControl(app);
mount(AppView, { target: document.querySelector('#app')!, props: { app } });

// Files of a folder on disk have no service worker, and a page that is framed may be denied one.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register('./sw.js').catch(() => {});
}
