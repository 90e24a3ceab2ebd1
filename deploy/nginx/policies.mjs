// Writes what each page of the browser client may run and load as nginx reads it: policies.mjs web/out/policies.json > policies.conf

import { readFileSync } from "node:fs";

const policies = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const [page, policy] of Object.entries(policies)) {
  if (!/^[\w./-]+$/.test(page) || !/^[^"\\$\n]+$/.test(policy)) {
    throw new Error(`${page}: ${policy} cannot stand in nginx's configuration`);
  }
  console.log(`"/${page}" "${policy}";`);
}
