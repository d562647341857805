// Validates the AsyncAPI document on stdin with npm's `@asyncapi/parser`, and its examples, which that parser does not
// compare with their schemas, with npm's `ajv`.
// stdout: {channels, operations, problems: ["where: what", ...]}
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

// The packages of the tests live in tests/node, not above this file.
const require = createRequire(new URL("../node/package.json", import.meta.url));
const { Parser } = require("@asyncapi/parser");
const { Ajv } = require("ajv");
const addFormats = require("ajv-formats");

const WARNING = 1;
const ajv = addFormats(new Ajv({ strict: false }));

function exampleFaults(message) {
  const fits = (schema, value, what) =>
    ajv.validate(schema.json(), value) ? [] : [`${message.id()} ${what}: ${ajv.errorsText()}`];
  return message
    .examples()
    .all()
    .flatMap((example) => [
      ...fits(message.headers(), example.headers(), "headers"),
      ...fits(message.payload(), example.payload(), "payload"),
    ]);
}

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const problems = diagnostics
  .filter(({ severity }) => severity <= WARNING)
  .map(({ path, message }) => `${path.join("/")}: ${message}`);
process.stdout.write(
  JSON.stringify({
    channels: document?.channels().all().map((channel) => channel.address()) ?? [],
    operations: document?.operations().all().map((operation) => operation.id()) ?? [],
    problems: problems.concat(document?.components().messages().all().flatMap(exampleFaults) ?? []),
  }),
);
