// Writes the types of the frames from docs/asyncapi.json, and those of the HTTP API from what the server says of itself: the
// one at the address that is given, or one of the debug build that is started for it.
//
//     node build/generate.mjs [URL]

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { framesOf, httpApiOf } from "./generated.mjs";

const here = (path) => new URL(path, import.meta.url);

const asyncapi = JSON.parse(await readFile(here("../../docs/asyncapi.json"), "utf8"));
await writeFile(here("../connection/frames.generated.ts"), await framesOf(asyncapi));
const openapi = process.argv[2] === undefined ? await withServer(descriptionAt) : await descriptionAt(process.argv[2]);
await writeFile(here("../state/http-api.generated.ts"), await httpApiOf(openapi));

async function descriptionAt(url) {
  const answer = await fetch(new URL("/api/v1/openapi.json", url));
  return answer.json();
}

/** Starts a server in a folder of its own, for as long as it is needed. */
async function withServer(work) {
  const folder = await mkdtemp(join(tmpdir(), "digital-twin-types-"));
  const env = { PATH: process.env.PATH, DATA_DIR: folder, PORT: "0", TWIN_ENGINE: "scripted", LOG_LEVEL: "error" };
  const program = fileURLToPath(here("../../target/debug/digital-twin"));
  const server = spawn(program, ["serve"], { env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    for await (const line of createInterface({ input: server.stdout })) {
      const url = / serves (http:\S+)$/.exec(line)?.[1];
      if (url !== undefined) {
        return await work(url);
      }
    }
    throw new Error("the server ended before it served");
  } finally {
    server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
