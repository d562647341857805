// Reads Kafka records with npm's `cloudevents`, and writes each again in structured mode.
// stdin: [{key, headers, value}, ...] in binary mode
// stdout: [{event, key, headers, value} | {refused}, ...]: what it read, and the structured record it wrote.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(new URL("../node/package.json", import.meta.url));
const { Kafka } = require("cloudevents");

function reread(record) {
  try {
    const event = Kafka.toEvent(record);
    event.validate();
    const { key, headers, value } = Kafka.structured(event);
    return { event: event.toJSON(), key, headers, value };
  } catch (error) {
    return { refused: `${error.message}: ${JSON.stringify(error.errors ?? null)}` };
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(reread)));
