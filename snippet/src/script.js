/* The script's own element: the attributes that set it up, and where it came from. */

const script = document.currentScript || document.querySelector('[data-site]');

/** The texts of its `data-` attributes. */
export const data = script.dataset;

/** The words of such a text. */
export const words = (text) => (text || '').match(/[^\s,]+/g) || [];

/** What the server calls `/t.js` and `/collect` where this copy came from; it puts other names here (PUBLIC_PATHS). */
const OWN = '/t.js';
const COLLECT = '/collect';

/** The site's key. Tag managers strip attributes, so the address may have it as well. */
export const site = data.site || (/[?&]site=([\w.:-]+)/.exec(script.src) || [])[1];

/** Where hits go. */
export const api = (data.api || script.src.split(/[?#]/)[0].split(OWN)[0]).replace(/\/+$/, '') + COLLECT;
