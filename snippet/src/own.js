/* Own: functions for the other files. They work even if the page changed the language's built-in objects. */

/** Wraps a function: its errors are caught. */
export const safely = (work) => (...given) => {
  try {
    return work(...given);
  } catch {}
};

/** Copies an object's own properties. JSON.stringify then works even if the page put a toJSON on Object.prototype. */
export const own = (object) => ({ ...object, toJSON: undefined });

/** Calls a function safely at each of these events (their names with blanks between), before the page's listeners. */
export const on = (target, events, work) => {
  for (const name of events.split(' ')) target.addEventListener(name, safely(work), true);
};

/** localStorage; an empty object if it is blocked. */
export const disk = safely(() => localStorage)() || {};

/** Stores a text; returns it, or nothing if the storage is full. */
export const save = safely((key, text) => (disk[key] = text));

/** Reads a cookie. */
export const cookie = safely((name) => RegExp('(^|; )' + name + '=([^;]*)').exec(document.cookie)[2]);
