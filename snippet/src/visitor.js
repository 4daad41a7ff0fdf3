/* The visitor's id: a first-party cookie and localStorage, of which one brings the other back. */

import { mayKnow } from './consent.js';
import { cookie, disk, safely, save } from './own.js';

/** A new id: some 100 bits of chance. */
export const newId = () => ('' + Math.random() + Math.random()).replace(/0\./g, '');

/** Sets a cookie for the widest domain that the browser allows, unless it is there: www.shop and shop share it. */
const write = safely((name, text, age) => {
  const parts = location.hostname.split('.');
  for (let n = parts.length; n >= 0 && cookie(name) != text; n--)
    document.cookie =
      name + '=' + text + ';path=/;samesite=lax;max-age=' + age + (n ? ';domain=' + parts.slice(n - 1).join('.') : '');
});

/** Keeps an id; gives it back, or nothing where it can't be kept: there the server has a stand-in. */
export const keep = (id) => {
  write('_hl', id, 3456e4);
  if ((save('_hl', id) && disk.length) || cookie('_hl')) return id;
};

/** The id. `_hls` is set by the server over HTTP: browsers that forget a script's cookies after a week keep that one. */
export const visitor = () => {
  if (!mayKnow()) return;
  for (const id of [cookie('_hl'), cookie('_hls'), disk._hl]) if (/^[\w.:-]{1,64}$/.test(id || '')) return keep(id);
  return keep(newId());
};

/** Leaves nothing behind, once consent is withdrawn. */
export const forget = () => {
  write('_hl', '', 0);
  write('_hls', '', 0);
  delete disk._hl;
};
