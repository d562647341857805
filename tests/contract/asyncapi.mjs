// Validates AsyncAPI documents with npm's `@asyncapi/parser`, and their examples, which that parser does not compare
// with their schemas, with npm's `ajv`.
// stdin: [document, ...]; stdout: [{channels, operations, problems: ["where: what", ...]}, ...]
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

async function verdict(text) {
  const { document, diagnostics } = await new Parser().parse(text);
  const problems = diagnostics
    .filter(({ severity }) => severity <= WARNING)
    .map(({ path, message }) => `${path.join("/")}: ${message}`);
  return {
    channels: document?.channels().all().map((channel) => channel.address()) ?? [],
    operations: document?.operations().all().map((operation) => operation.id()) ?? [],
    problems: problems.concat(document?.components().messages().all().flatMap(exampleFaults) ?? []),
  };
}

const documents = JSON.parse(readFileSync(0, "utf8"));
const verdicts = [];
for (const one of documents) verdicts.push(await verdict(JSON.stringify(one)));
process.stdout.write(JSON.stringify(verdicts));
