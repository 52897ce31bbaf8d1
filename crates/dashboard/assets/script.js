// Follows the one stream of events and has the page made anew when something on it changed. All tabs of this address share one
// stream: of those that are seen one holds a lock and listens, and tells the others. A hidden tab neither listens nor asks.
(() => {
  'use strict';
  const root = document.documentElement, $ = id => document.getElementById(id);
  const STREAM = '/api/v1/events?topics=operations,queues';
  // Longer than the server gives the same page to everybody: what is asked for after an event shows it.
  const SOON_MS = 400, APART_MS = 1000;

  const door = $('sign-in');
  if (door) {
    door.addEventListener('submit', async event => {
      event.preventDefault();
      const answer = await fetch('/api/v1/session', { method: 'POST', headers: { Authorization: 'Bearer ' + $('token').value.trim() } })
        .catch(() => null);
      if (answer && answer.ok) return location.replace(/^\/(?![/\\])/.test(door.dataset.next) ? door.dataset.next : '/');
      const why = answer ? (await answer.json().catch(() => ({}))).detail : 'nobody answers';
      $('refused').textContent = 'Not let in: ' + (why || answer.status);
    });
    return;
  }

  const leave = $('leave');
  if (leave) {
    leave.hidden = false;
    leave.onclick = async () => { await fetch('/api/v1/session', { method: 'DELETE' }); location.assign('/sign-in'); };
  }

  // How old what is shown is, by the server's clock.
  let skew = Date.now() - Number(root.dataset.now), shown = Date.now(), isUp = false, downSince = Date.now();
  const lasting = ms => {
    const s = Math.floor(ms / 1000), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
    const two = (a, u, b, v) => a >= 10 || !b ? a + ' ' + u : a + ' ' + u + ' ' + b + ' ' + v;
    return d ? two(d, 'd', h % 24, 'h') : h ? two(h, 'h', m % 60, 'min') : m ? m + ' min' : s + ' s';
  };
  const ago = at => {
    const ms = Date.now() - skew - at;
    return ms > -1000 && ms < 1000 ? 'now' : ms > 0 ? lasting(ms) + ' ago' : 'in ' + lasting(-ms);
  };
  const live = $('live'), age = $('age'), pause = $('pause');
  let isPaused = false;
  const tick = () => {
    if (document.hidden) return;
    for (const time of document.querySelectorAll('time[data-ago]')) {
      const text = ago(Number(time.dataset.ago));
      if (time.textContent !== text) time.textContent = text;
    }
    if (!root.dataset.topics) { age.textContent = 'shown ' + ago(Number(root.dataset.now)); return; }
    live.className = 'live ' + (isPaused ? 'held' : isUp ? 'on' : 'off');
    const old = lasting(Date.now() - shown);
    age.textContent = isPaused ? 'paused; shown ' + old + ' ago' : isUp ? 'live' : 'cut off for ' + lasting(Date.now() - downSince) + '; shown ' + old + ' ago';
  };
  setInterval(tick, 1000);

  // Makes what is there into what came: focus, what is typed and what is unfolded stay.
  const key = node => node.nodeType === 1 && node.id;
  const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);
  const morph = (old, fresh) => {
    if (old.nodeType !== 1) { if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue; return; }
    if (old.dataset.own || old.isEqualNode(fresh)) return;
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === 'open' && old.nodeName === 'DETAILS') && name !== 'class') old.removeAttribute(name);
    }
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      let found = at;
      if (key(next)) while (found && key(found) !== next.id) found = found.nextSibling;
      if (found && same(found, next)) {
        if (found !== at) old.insertBefore(found, at); else at = at.nextSibling;
        morph(found, next);
      } else if (at && !key(at) && !key(next) && same(at, next)) { const here = at; at = at.nextSibling; morph(here, next); }
      else old.insertBefore(document.importNode(next, true), at);
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  };

  let due = 0, asked = 0, told = 0, isAsking = false;
  const soon = () => {
    told = Date.now();
    if (due || isPaused || document.hidden) return;
    due = setTimeout(refresh, Math.max(SOON_MS, asked + APART_MS - Date.now()));
  };
  const refresh = async () => {
    due = 0;
    if (isAsking) return soon();
    isAsking = true; asked = Date.now();
    // What was told just now may not be in the page that others asked for just before.
    const isEarly = asked - told < SOON_MS;
    try {
      const answer = await fetch(location.href.split('#')[0], { redirect: 'error' });
      if (answer.status === 401) return location.reload();
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const main = page.getElementById('main');
      if (!main || isPaused) return;
      morph($('main'), main);
      document.title = page.title;
      Object.assign(root.dataset, page.documentElement.dataset);
      skew = Date.now() - Number(root.dataset.now);
      shown = Date.now();
      tick();
    } catch { setTimeout(soon, APART_MS); } finally { isAsking = false; }
    if (isEarly) soon();
  };

  const others = new BroadcastChannel('ktrdr'), ours = new Set();
  const heard = told => {
    if (told.state !== undefined) {
      if (isUp !== told.state) { isUp = told.state; downSince = Date.now(); if (isUp) soon(); }
      return tick();
    }
    if (told.who) { if (ours.size) others.postMessage({ state: isUp }); return; }
    const watched = root.dataset.watch;
    const isOurs = told.topic === 'reset' || (root.dataset.topics || '').split(' ').includes(told.topic);
    const isAbout = !watched || told.topic !== 'operations' || watched.split(' ').some(id => id === told.id || id === told.root);
    if (isOurs && isAbout) soon();
  };
  others.onmessage = event => heard(event.data);
  const tell = told => { heard(told); others.postMessage(told); };
  let source, release, waiting;
  const open = () => {
    source = new EventSource(STREAM);
    ours.add(source);
    source.onopen = () => tell({ state: true });
    source.onerror = () => {
      tell({ state: false });
      if (source && source.readyState === 2) { const closed = source; ours.delete(closed); source = null; setTimeout(() => { if (release && !source) open(); }, 2000); }
    };
    for (const topic of ['operations', 'queues', 'reset']) source.addEventListener(topic, event => {
      const row = topic === 'operations' ? JSON.parse(event.data) : {};
      tell({ topic, id: row.id, root: row.root });
    });
  };
  const lead = () => {
    waiting = new AbortController();
    const hold = () => new Promise(done => { release = done; open(); });
    if (!navigator.locks) return hold();
    navigator.locks.request('ktrdr', { signal: waiting.signal }, hold).catch(() => {});
    others.postMessage({ who: true });
  };
  const rest = () => {
    waiting?.abort();
    if (source) { source.close(); ours.delete(source); source = null; }
    release?.(); release = null;
  };
  if (root.dataset.topics) {
    pause.hidden = false;
    pause.onclick = () => {
      isPaused = !isPaused;
      pause.setAttribute('aria-pressed', isPaused);
      pause.textContent = isPaused ? 'Go on' : 'Pause';
      tick();
      if (!isPaused) refresh();
    };
    if (!document.hidden) lead();
    document.addEventListener('visibilitychange', () => {
      rest();
      if (!document.hidden) { lead(); refresh(); }
    });
  }
  tick();

  // Views that this browser keeps.
  const saved = $('saved');
  if (saved) {
    const make = (name, text) => Object.assign(document.createElement(name), { textContent: text });
    const show = () => {
      const here = location.search, all = JSON.parse(localStorage.getItem('ktrdr') || '[]'), has = all.includes(here);
      const nodes = all.map(view => Object.assign(make('a', decodeURIComponent(view.slice(1))), { href: '/operations' + view, className: view === here ? 'on' : 'off' }));
      if (here) nodes.push(Object.assign(make('button', has ? 'Forget this view' : 'Keep this view'), { className: 'quiet', onclick: () => {
        localStorage.setItem('ktrdr', JSON.stringify(has ? all.filter(view => view !== here) : [...all, here]));
        show();
      } }));
      saved.replaceChildren(...nodes.map(node => { const item = make('li', ''); item.append(node); return item; }));
    };
    show();
  }

  // The keyboard.
  let isGoing = false;
  const rows = () => [...document.querySelectorAll('.rows tbody tr')];
  const step = by => {
    const all = rows(), at = all.findIndex(row => row.classList.contains('at'));
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    all[at]?.classList.remove('at');
    next?.classList.add('at');
    next?.querySelector('a')?.focus();
  };
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') { for (const deed of document.querySelectorAll('.deed[open]')) { deed.open = false; deed.firstElementChild.focus(); } return; }
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.nodeName)) return;
    if (isGoing) {
      isGoing = false;
      const place = document.querySelector('nav a[data-key="' + CSS.escape(event.key) + '"]');
      if (place) location.assign(place.href);
    } else if (event.key === 'g') isGoing = true;
    else if (event.key === '?') location.assign('/keys');
    else if (event.key === 'j') step(1);
    else if (event.key === 'k') step(-1);
    else if (event.key === 'p' && !pause.hidden) pause.click();
    else if (event.key === '/' && $('filter')) { event.preventDefault(); $('filter').focus(); }
  });
  document.addEventListener('click', event => {
    for (const deed of document.querySelectorAll('.deed[open]')) if (!deed.contains(event.target)) deed.open = false;
  });
})();
