/*
 * The queue: a hit is kept until the tracker accepts or refuses it. Each hit has its own key in localStorage, and no
 * tab overwrites the hits of another. If localStorage is full or blocked, hits are kept in memory.
 */

import { disk, on, safely, save } from './own.js';
import { api, site } from './script.js';

const PREFIX = '_hl:' + site + ':';

/**
 * `memory`: key -> a hit that localStorage could not store. `busy`: key -> whether the hit is being sent, or is left to
 * the next page.
 */
const memory = {};
const busy = {};

const fresh = [];
let last = 0;
/**
 * Whether the tracker has just answered. If a request fails although it has, the fault is in the request, and its hits
 * are sent in smaller requests. A hit that fails alone is left to the next page.
 */
let isUp;
let limit;
let wait = 0;
let timer;

/** The keys of the kept hits that are not being sent, the oldest first. */
const kept = () =>
  [...Object.keys(memory), ...Object.keys(disk)]
    .filter((key) => !key.indexOf(PREFIX) && !busy[key])
    .sort();

const drop = (key) => {
  delete memory[key];
  delete disk[key];
};

/**
 * Packs the first of these hits, as many as fit into one request. After a page is left, browsers send at most 64 KiB.
 */
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

/** Sends packed hits. The promise says whether to send the next ones, and never rejects. */
const post = async ({ keys, body, keepalive }) => {
  let isSettled;
  for (const key of keys) busy[key] = 1;
  try {
    const answer = await fetch(api, { method: 'POST', body, keepalive, credentials: 'include' });
    /* Proxies and firewalls on the way answer 403 and 404, too, or 200 with a page. */
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

/**
 * Calls `work` under this site's lock. If a tab is closed, the browser frees its lock. Without locks, two tabs may send
 * the same hit.
 */
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

/** Sends the hits that failed or that earlier pages left, one request after the other, while no other tab sends. */
export const sendKept = () => locked('exclusive', sendNext);

/** Keeps a hit, and sends it with the other hits that the page makes now. `mayStore`: store it, too. */
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

/** Gives the browser the hits that the tracker doesn't have yet, because the page may be left soon. */
export const leave = () => {
  const { body } = pack(kept());
  if (body) navigator.sendBeacon(api, body);
};

on(window, 'online', sendKept);
