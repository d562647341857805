// Validates the AsyncAPI document on stdin with npm's `@asyncapi/parser`.
// stdout: {channels, operations, messages, problems: ["path: message", ...]}; problems of severity error and warning.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

// The packages of the tests live in tests/node, not above this file.
const require = createRequire(new URL("../node/package.json", import.meta.url));
const { Parser } = require("@asyncapi/parser");

const WARNING = 1;
const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const problems = diagnostics
  .filter(({ severity }) => severity <= WARNING)
  .map(({ path, message }) => `${path.join("/")}: ${message}`);
process.stdout.write(
  JSON.stringify({
    channels: document?.channels().all().map((channel) => channel.address()) ?? [],
    operations: document?.operations().all().map((operation) => operation.id()) ?? [],
    problems,
  }),
);
