/* Builds t.js of src/. `node build.mjs FILE` writes it elsewhere, as the test does that says whether it is fresh. */

import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

await build({
  absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
  entryPoints: ['src/index.js'],
  outfile: process.argv[2] || '../tracker/static/tracker/t.js',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2019',
  charset: 'ascii',
  legalComments: 'none',
  banner: { js: 'try{' },
  footer: { js: '}catch{}' },
});
