// Writes the types of the frames from docs/asyncapi.json, and those of the HTTP API from a server's description.
//
//     node build/generate.mjs [URL of a running server]

import { readFile, writeFile } from "node:fs/promises";
import { framesOf, httpApiOf } from "./generated.mjs";

const here = (path) => new URL(path, import.meta.url);

const asyncapi = JSON.parse(await readFile(here("../../docs/asyncapi.json"), "utf8"));
await writeFile(here("../connection/frames.generated.ts"), await framesOf(asyncapi));
const server = process.argv[2];
if (server !== undefined) {
  const answer = await fetch(new URL("/api/v1/openapi.json", server));
  await writeFile(here("../state/http-api.generated.ts"), await httpApiOf(await answer.json()));
}
