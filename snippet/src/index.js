/* Hitledger's snippet; see docs/snippet.md. This file decides when a hit is made. The others prepare and send it. */

import { isPending, mayKnow, signals } from './consent.js';
import { takeUp } from './crossing.js';
import { watchGestures } from './gestures.js';
import { hashKeys } from './keys.js';
import { on, own, safely } from './own.js';
import { add, leave, sendKept } from './queue.js';
import { data, site } from './script.js';
import { forget, newId, visitor } from './visitor.js';

const stub = window.hitledger || {};
/** Hits that wait until the page is shown and consent is known; and hits whose keys are being hashed. */
const held = [];
const hashing = new Set();
let isReady;
let page;
let timer;

/** Passes a hit on, with the page's present address and title. */
const send = (hit) => {
  held.push({ site, id: newId(), ts: Date.now(), url: location.href.slice(0, 8192), ...hit });
  takeUp().then(release);
};

const release = () => isReady && !isPending() && held.splice(0).forEach(finish);

/** Adds the visitor and the keys to the hit, if consent allows it, and queues it. */
const finish = safely((hit) => {
  hit = { visitor: visitor(), consent: own(signals), ...hit };
  if (typeof hit.props == 'object') hit.props = own(hit.props);
  hashing.add(hit);
  hashKeys(hit).then(() => queue(hit));
});

const queue = safely((hit) => hashing.delete(hit) && add(JSON.stringify(own(hit)), mayKnow()));

/** Sends a page hit, unless the last page hit had the same address. */
const showPage = () => {
  clearTimeout(timer);
  timer = 0;
  const address = location.href.split(data.spa == 'hash' ? ' ' : '#')[0];
  const ref = page || document.referrer;
  if (address != page) send({ type: 'page', ref: ref.slice(0, 8192), title: ('' + document.title).slice(0, 1024) });
  page = address;
};

/** Calls `showPage` after a moment: after a new address the title changes, and often the address changes once more. */
const later = () => {
  clearTimeout(timer);
  timer = setTimeout(safely(showPage), 50);
};

const hitledger = safely((what, given) => {
  if (what == 'consent') {
    Object.assign(signals, given);
    if (!mayKnow() && !isPending()) forget();
    takeUp().then(release);
  } else if (/^(page|event|click|view|conversion|adjustment)$/.test(what)) send({ type: what, ...given });
  else if (what) send({ type: 'conversion', name: what, ...given });
});

const start = () => {
  if (!('manual' in data)) {
    showPage();
    on(window, 'pageshow', ({ persisted }) => persisted && showPage((page += '#')));
    if ('spa' in data) {
      for (const name of ['pushState', 'replaceState']) {
        const change = history[name];
        history[name] = function () {
          change.apply(this, arguments);
          later();
        };
      }
      on(window, 'popstate hashchange', later);
    }
  }
  (stub.q || []).forEach((call) => hitledger(...call));
  isReady = 1;
  takeUp().then(release);
  sendKept();
  watchGestures(send);
  on(window, 'pagehide visibilitychange', () => {
    leave();
    if (timer) showPage();
    release();
    hashing.forEach(queue);
  });
};

if (site && !stub.site) {
  window.hitledger = hitledger;
  hitledger.site = site;
  document.prerendering ? on(document, 'prerenderingchange', start) : start();
}
