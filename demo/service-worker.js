/** Keeps the files of one build, and answers with them; only for this folder of this origin. */
const { scope } = registration;
/** Other folders of this origin may have playgrounds of their own. */
const ours = `playground-${scope}-`;
const name = `${ours}__VERSION__`;
const files = [/* FILES */];

addEventListener('install', (event) => {
  event.waitUntil(caches.open(name).then((cache) => cache.addAll(files)));
});

addEventListener('activate', (event) => {
  const dropOthers = async () => {
    const all = (await caches.keys()).filter((each) => each.startsWith(ours));
    const others = all.filter((each) => each !== name);
    await Promise.all(others.map((each) => caches.delete(each)));
  };
  event.waitUntil(dropOthers());
});

addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(scope)) return;
  const answer = async () => {
    // Names hold the hash of what is in them, but for the page itself: that is asked for first.
    const kept = await caches.match(request, { ignoreSearch: true });
    if (request.mode !== 'navigate') return kept ?? fetch(request);
    try {
      return await fetch(request);
    } catch (error) {
      if (kept === undefined) throw error;
      return kept;
    }
  };
  event.respondWith(answer());
});
