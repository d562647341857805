// Verifies webhooks with npm's `standardwebhooks`, an implementation none of ours shares code with.
// stdin: [{secret, headers, body (base64)}, ...]; stdout: [null | "why refused", ...] in the same order.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

// The packages of the tests live in tests/node, not above this file.
const require = createRequire(new URL("../node/package.json", import.meta.url));
const { Webhook, WebhookVerificationError } = require("standardwebhooks");

function refusal({ secret, headers, body }) {
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64"), headers);
    return null;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.message;
    throw error;
  }
}

const cases = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(cases.map(refusal)));
