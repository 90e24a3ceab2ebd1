// After `next build`: writes beside the pages the icons, what each may run and load, and beside each text its compressed forms. The
// scripts that stand in a page itself are allowed by their hashes, and by nothing else.

import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { icon } from "./icons.mjs";

const OUT = fileURLToPath(new URL("../out/", import.meta.url));

/** Sides of the icons that browsers and systems ask for, in pixels. */
const ICON_SIDES = [180, 192, 512];

const TEXTS = /\.(css|html|js|json|svg|txt|webmanifest)$/;

/** Shorter files fit into one packet as they are. */
const COMPRESSED_BYTES_MIN = 1024;

const INLINE_SCRIPT = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g;

/** The hashes of the scripts that stand in a page. */
export function scriptHashes(html) {
  const scripts = [...html.matchAll(INLINE_SCRIPT)].map((match) => match[1]);
  const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [...new Set(scripts.map(hash))];
}

/** What a page with these scripts may run and load: from where it came, and pictures that it makes itself. */
export function policyOf(html) {
  const directives = {
    "default-src": ["'none'"],
    "script-src": ["'self'", ...scriptHashes(html)],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'", ...elsewhere()],
    "manifest-src": ["'self'"],
    "worker-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
  };
  return Object.entries(directives)
    .map(([name, values]) => `${name} ${values.join(" ")}`)
    .join("; ");
}

/** What the service worker may load: the icon of what it has shown. */
const WORKER_POLICY = "default-src 'none'; img-src 'self'; frame-ancestors 'none'";

/** Where this build looks for the server, if not where its pages come from. */
function elsewhere() {
  const { NEXT_PUBLIC_API_URL, NEXT_PUBLIC_WEBSOCKET_URL } = process.env;
  return [NEXT_PUBLIC_API_URL, NEXT_PUBLIC_WEBSOCKET_URL].filter(Boolean).map((url) => new URL(url).origin);
}

/** Writes the compressed forms of a text that is worth it; the server sends the one that a browser takes. */
async function compress(path) {
  const content = await readFile(OUT + path);
  if (content.length >= COMPRESSED_BYTES_MIN) {
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
    await writeFile(`${OUT + path}.br`, brotliCompressSync(content, { params }));
    await writeFile(`${OUT + path}.gz`, gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
  }
}

async function main() {
  const paths = await readdir(OUT, { recursive: true });
  await Promise.all(paths.filter((path) => TEXTS.test(path)).map(compress));
  const pages = paths.filter((path) => path.endsWith(".html"));
  const policies = { "sw.js": WORKER_POLICY };
  for (const page of pages.sort()) {
    const html = await readFile(OUT + page, "utf8");
    if (/<style|\sstyle="|\son[a-z]+="/.test(html)) {
      throw new Error(`${page} has a style or a handler in itself, which its policy would forbid`);
    }
    policies[page] = policyOf(html);
  }
  for (const side of ICON_SIDES) {
    await writeFile(`${OUT}icon-${side}.png`, icon(side));
  }
  await writeFile(`${OUT}policies.json`, JSON.stringify(policies, null, 1));
  console.log(`policies of ${pages.length} pages written`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main();
}
