/* What the rest is written with, so that nothing that a page did to the language's own objects reaches us. */

/** The same work; whatever it throws stays here. */
export const safely = (work) => (...given) => {
  try {
    return work(...given);
  } catch {}
};

/** An object's own properties, of which JSON.stringify makes JSON even if the page put a toJSON on Object.prototype. */
export const own = (object) => ({ ...object, toJSON: undefined });

/** Calls safely at each of these events (a text with blanks between), before the page's own listeners. */
export const on = (target, events, work) => {
  for (const name of events.split(' ')) target.addEventListener(name, safely(work), true);
};

/** localStorage; an empty object stands in where that is blocked. */
export const disk = safely(() => localStorage)() || {};

/** Keeps a text there; gives it back, or nothing where that is full. */
export const save = safely((key, text) => (disk[key] = text));

/** A cookie's text. */
export const cookie = safely((name) => RegExp('(^|; )' + name + '=([^;]*)').exec(document.cookie)[2]);
