// Judges OpenAPI documents with npm's Spectral: the specification itself, and the Italian guidelines.
// stdin: [document, ...]; stdout: [["rule: where: what", ...], ...]
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import guidelines from "./italian_guidelines.mjs";

const require = createRequire(new URL("../node/package.json", import.meta.url));
const { Spectral } = require("@stoplight/spectral-core");

const WARNING = 1;
const judge = new Spectral();
judge.setRuleset(guidelines);

const verdicts = [];
for (const document of JSON.parse(readFileSync(0, "utf8"))) {
  const found = await judge.run(document);
  verdicts.push(
    found
      .filter(({ severity }) => severity <= WARNING)
      .map(({ code, path, message }) => `${code}: ${path.join("/")}: ${message}`),
  );
}
process.stdout.write(JSON.stringify(verdicts));
