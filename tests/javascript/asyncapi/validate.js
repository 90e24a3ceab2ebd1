// Prints what the official parser of AsyncAPI finds in the document that is named: one JSON map in each line.

import { readFile } from "node:fs/promises";

import { Parser } from "@asyncapi/parser";

const { diagnostics } = await new Parser().parse(await readFile(process.argv[2], "utf8"));
for (const { severity, code, message, path } of diagnostics) {
  console.log(JSON.stringify({ severity, code, message, path: path.join("/") }));
}
