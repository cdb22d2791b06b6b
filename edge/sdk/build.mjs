// Builds beacon.js and, from the same sources and minified the same way, its evaluator by itself for the reference
// cases. Says how large they are as browsers get them, and fails above a limit.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';

/**
 * Bytes with Brotli 11. `goal` is the design's; `limit` is what fails the build, so that nothing grows unseen while a
 * goal is not met. Lower the limit with every byte that is saved.
 */
const SIZES = {
  'beacon.js': { goal: 6144, limit: 8100 },
  'its evaluator': { goal: 2560, limit: 2530 },
};
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Replaces the evaluator by one that knows nothing: what beacon.js is without it. */
const withoutEvaluator = {
  name: 'without-evaluator',
  setup: ({ onLoad }) =>
    onLoad({ filter: /src[\\/]eval[\\/]\w+\.ts$/ }, () => ({
      contents: 'export const run = null, feature = null, redirect = null, isTargeted = null, variationKey = null;',
    })),
};

async function bundle(from, format, plugins = []) {
  const options = { entryPoints: [here(from)], outfile: here('dist/out.js'), bundle: true, write: false, format, plugins };
  const built = await build({ ...options, target: 'es2022', minifySyntax: true, sourcemap: 'external', charset: 'utf8', legalComments: 'none' });
  const file = (end) => built.outputFiles.find(({ path }) => path.endsWith(end)).text;
  return { code: file('.js'), map: file('.map') };
}

/** Members that only the script itself reads: on no wire, in no storage, in no payload. */
const INTERNAL = /^(measured|assignment|assigned|sticky|forcedVariations|leaf|stuck|qaMode|isPerformed|source)$/;

/** esbuild bundles; terser makes smaller code of it than esbuild does. */
async function minified({ code, map }, name, format) {
  return minify(code, {
    ecma: 2022,
    module: true,
    toplevel: true,
    compress: { passes: 4, unsafe_arrows: true, unsafe_methods: true, pure_getters: true, keep_fargs: false, hoist_funs: true, sequences: false },
    // The conformance suites read what the evaluator answers, so its own build keeps all names.
    mangle: { properties: format === 'iife' && { regex: INTERNAL } },
    sourceMap: { content: map, filename: name, url: `${name}.map` },
  });
}

const size = (code) => brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
const measured = ({ code }) => size(code.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, ''));

function report(name, bytes) {
  const { goal, limit } = SIZES[name];
  const over = bytes > goal ? `, ${bytes - goal} over the goal of ${goal}` : ` of ${goal}`;
  console.log(`${name}: ${bytes} bytes with Brotli 11${over}`);
  if (bytes > limit) {
    console.error(`${name} is over its limit of ${limit}.`);
    process.exitCode = 1;
  }
}

async function output(from, name, format) {
  const made = await minified(await bundle(from, format), name, format);
  writeFileSync(here(`dist/${name}`), made.code);
  writeFileSync(here(`dist/${name}.map`), made.map);
  return made;
}

mkdirSync(here('dist'), { recursive: true });
const whole = await output('src/index.ts', 'beacon.js', 'iife');
await output('src/eval/index.ts', 'evaluator.mjs', 'esm');
const rest = await minified(await bundle('src/index.ts', 'iife', [withoutEvaluator]), 'rest.js', 'iife');
report('beacon.js', measured(whole));
report('its evaluator', measured(whole) - measured(rest));
