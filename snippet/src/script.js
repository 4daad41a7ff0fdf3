/* Script: the attributes of the script's element, and the address that it was loaded from. */

const script = document.currentScript || document.querySelector('[data-site]');

/** The texts of the element's `data-` attributes. */
export const data = script.dataset;

/** Splits the text of an attribute into words. */
export const words = (text) => (text || '').match(/[^\s,]+/g) || [];

/** The server's names of `/t.js` and `/collect`. The server replaces them by the names of PUBLIC_PATHS. */
const OWN = '/t.js';
const COLLECT = '/collect';

/** The site's key. The script's address may have it as well, because tag managers remove attributes. */
export const site = data.site || (/[?&]site=([\w.:-]+)/.exec(script.src) || [])[1];

/** The address that hits are sent to. */
export const api = (data.api || script.src.split(/[?#]/)[0].split(OWN)[0]).replace(/\/+$/, '') + COLLECT;
