/*
 * The queue: a hit is kept until the tracker has it or refuses it. Each has a place of its own in localStorage, so that
 * no tab overwrites what another keeps; memory stands in where that is full or blocked.
 */

import { disk, on, safely, save } from './own.js';
import { api, site } from './script.js';

const PREFIX = '_hl:' + site + ':';

/** By key: what could not be stored; what is on its way, or is left to the next page. */
const memory = {};
const busy = {};

const fresh = [];
let last = 0;
/** Whether the tracker has just answered. Then a request that fails is itself to blame: it is split, a lone hit left. */
let isUp;
let limit;
let wait = 0;
let timer;

/** The keys of the hits that are kept here and not busy, the oldest first. */
const kept = () =>
  [...Object.keys(memory), ...Object.keys(disk)]
    .filter((key) => !key.indexOf(PREFIX) && !busy[key])
    .sort();

const drop = (key) => {
  delete memory[key];
  delete disk[key];
};

/** The first of these hits, so many as one request may have: browsers let 64 KiB outlive their page. */
const pack = (all, most) => {
  const keys = [];
  let body = '';
  let size = 0;
  for (const key of all) {
    const text = memory[key] || disk[key];
    const sum = size + new Blob([text]).size + 30;
    if (!safely(JSON.parse)(text)) drop(key);
    else if (!body || (sum < 6e4 && !(keys.length >= most))) {
      keys.push(key);
      body += (body ? ',' : '[') + text.slice(0, -1) + ',"sent":' + Date.now() + '}';
      size = sum;
    }
  }
  return { keys, body: body && body + ']', keepalive: size < 6e4 };
};

/** Sends a part. Gives a promise, which never rejects, of whether to go on. */
const post = async ({ keys, body, keepalive }) => {
  let isSettled;
  for (const key of keys) busy[key] = 1;
  try {
    const answer = await fetch(api, { method: 'POST', body, keepalive, credentials: 'include' });
    /* Other boxes on the way answer 403 and 404, too, or 200 with a page. */
    isSettled = answer.ok
      ? await answer.json()
      : !/^5|408|42[59]/.test(answer.status) && answer.headers.get('X-Hit-Error');
  } catch {}
  limit = isSettled ? 500 : keys.length >> 1;
  for (const key of keys) {
    busy[key] = isUp && !limit;
    if (isSettled) drop(key);
  }
  isUp = isSettled || (isUp && limit);
  wait = isUp ? 0 : Math.min(wait * 2 || 5e3, 3e5);
  clearTimeout(timer);
  if (wait) timer = setTimeout(sendKept, wait);
  return isUp;
};

/** Works under this site's lock, which a tab that is closed gives back. Without locks tabs may send a hit twice. */
const locked = async (mode, work) => {
  try {
    await navigator.locks.request(PREFIX, { mode }, work);
  } catch {
    work();
  }
};

const sendNext = async () => {
  const part = pack(kept(), limit);
  if (part.body && (await post(part))) await sendNext();
};

/** Sends what earlier pages left here and what failed, one request after the other, while no other tab sends. */
export const sendKept = () => locked('exclusive', sendNext);

/** Keeps a hit and sends it with what else this task of the page brings. `mayStore`: keep it in the browser, too. */
export const add = async (text, mayStore) => {
  const key = PREFIX + (last = Math.max(Date.now(), last + 1)) + Math.random();
  if (!mayStore || !save(key, text)) memory[key] = text;
  kept().slice(0, -500).forEach(drop);
  fresh.push(key);
  await 0;
  if (fresh[0]) {
    isUp = 0;
    const flight = post(pack(fresh.splice(0)));
    locked('shared', () => flight);
    if (await flight) sendKept();
  }
};

/** Hands the browser what the tracker doesn't have yet, as the page may be gone soon. */
export const leave = () => {
  const { body } = pack(kept());
  if (body) navigator.sendBeacon(api, body);
};

on(window, 'online', sendKept);
