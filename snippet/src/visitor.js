/* Visitor: the visitor's id in a first-party cookie and in localStorage. If one is lost, the other restores it. */

import { mayKnow } from './consent.js';
import { cookie, disk, safely, save } from './own.js';

/** Draws a new id with about 100 random bits. */
export const newId = () => ('' + Math.random() + Math.random()).replace(/0\./g, '');

/** Sets a cookie, unless it is there, for the widest domain that the browser allows. Subdomains share it. */
const write = safely((name, text, age) => {
  const parts = location.hostname.split('.');
  for (let n = parts.length; n >= 0 && cookie(name) != text; n--)
    document.cookie =
      name + '=' + text + ';path=/;samesite=lax;max-age=' + age + (n ? ';domain=' + parts.slice(n - 1).join('.') : '');
});

/** Keeps an id and returns it. If the id can't be kept, returns nothing, and the server uses a stand-in. */
export const keep = (id) => {
  write('_hl', id, 3456e4);
  if ((save('_hl', id) && disk.length) || cookie('_hl')) return id;
};

/**
 * Returns the visitor's id. The server sets the cookie `_hls`. Some browsers delete a script's cookies after a week,
 * but keep `_hls`.
 */
export const visitor = () => {
  if (!mayKnow()) return;
  for (const id of [cookie('_hl'), cookie('_hls'), disk._hl]) if (/^[\w.:-]{1,64}$/.test(id || '')) return keep(id);
  return keep(newId());
};

/** Deletes the visitor's id, once consent is withdrawn. */
export const forget = () => {
  write('_hl', '', 0);
  write('_hls', '', 0);
  delete disk._hl;
};
