// Judges bodies by JSON Schemas (draft 2020-12) with npm's `ajv`.
// stdin: [{schema, body}, ...]; stdout: [null | "why the schema or the body is wrong", ...].
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(new URL("../node/package.json", import.meta.url));
const { Ajv2020 } = require("ajv/dist/2020");
const addFormats = require("ajv-formats");

function fault({ schema, body }) {
  const ajv = addFormats(new Ajv2020({ strict: true, strictRequired: false }));
  try {
    const isValid = ajv.compile(schema);
    return isValid(body) ? null : ajv.errorsText(isValid.errors);
  } catch (error) {
    return `schema: ${error.message}`;
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(fault)));
