// The rules of the Italian guidelines for OpenAPI documents (ModI, the checks of PDND), written for npm's Spectral:
// those the national checker calls errors or warnings, except two that contradict the additive evolution of our events.
// Names are the national ones, so that a finding can be looked up there.
import { createRequire } from "node:module";

const require = createRequire(new URL("../node/package.json", import.meta.url));
const { pattern, truthy, falsy, enumeration, schema, casing, defined } = require("@stoplight/spectral-functions");
const { oas } = require("@stoplight/spectral-rulesets");

const rule = (severity, given, ...checks) => ({
  severity,
  given,
  then: checks.map(([fn, field, functionOptions]) => ({
    function: fn,
    ...(field && { field }),
    ...(functionOptions && { functionOptions }),
  })),
});
const error = (...rest) => rule("error", ...rest);
const warn = (...rest) => rule("warn", ...rest);
const matches = (match) => ({ match });
const has = (...names) => [schema, undefined, { schema: { type: "object", required: names } }];

const ERRORS = "$.paths[*][*].responses[?(@property.match(/^(4|5|default)/))]";
const LIMITED = "$.paths[?(@property != '/status')][*].responses[?(@property.match(/^[24]/))]";
const WAITING = "$.paths[*][*].responses[?(@property.match(/^(429|503)$/))]";
const OF_TYPE = (...types) => types.map((type) => `$..[?(@ && @.type == "${type}")]`);
const RATE_LIMITS = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];
const PROBLEMS = { values: ["application/problem+json", "application/problem+xml"] };

export default {
  extends: [oas],
  rules: {
    "has-x-summary": error("$.info", [truthy, "x-summary"]),
    "has-termsOfService": error("$.info", [pattern, "termsOfService", matches("^https://")], [truthy, "termsOfService"]),
    "has-contact": error("$.info", [truthy, "contact"]),
    "has-x-api-id": error("$.info", [truthy, "x-api-id"]),
    "use-semver": error("$.info", [pattern, "version", matches("^[0-9]+\\.[0-9]+\\.[0-9]+(-[a-z0-9+.-]+)?$")]),
    "servers-description": error("$.servers[*]", [truthy, "description"]),
    "servers-use-https": error("$.servers[?(@['x-sandbox'] != true)]", [pattern, "url", matches("^https://")]),
    "paths-kebab-case": warn("$.paths[*]~", [pattern, undefined, matches("^(/[a-z0-9.-]+|/{[a-zA-Z0-9_]+})+$")]),
    "paths-http-method": warn("$.paths[*]~", [
      pattern,
      undefined,
      { notMatch: "/(get|post|put|delete|patch|create|remove|list)(/|-|_|$)" },
    ]),
    "paths-status": error("$.paths", [truthy, "/status"]),
    "paths-status-return-problem": error("$.paths['/status'].get.responses['200'].content[*]~", [
      enumeration,
      undefined,
      PROBLEMS,
    ]),
    "paths-status-problem-schema": error("$.paths['/status'].get.responses['200'].content[*].schema.properties", has("status", "title", "detail")),
    "no-method-name-in-operationId": warn("$.paths[*][*]", [
      pattern,
      "operationId",
      { notMatch: "^(get|post|put|delete|patch|head|options)" },
    ]),
    "request-headers-pascal-case": warn("$.paths[*][*].parameters[?(@.in == 'header')].name", [
      casing,
      undefined,
      { type: "pascal", separator: { char: "-" } },
    ]),
    "no-forbidden-headers": error("$.paths[*][*].parameters[?(@.in == 'header')].name", [
      pattern,
      undefined,
      { notMatch: "/^(accept|content-type|authorization)$/i" },
    ]),
    "no-x-headers-request": warn("$.paths[*][*].parameters[?(@.in == 'header')].name", [
      pattern,
      undefined,
      { notMatch: "/^x-/i" },
    ]),
    "sec-credentials-parameters": error("$.paths[*][*].parameters[?(@.in == 'query' || @.in == 'path')].name", [
      pattern,
      undefined,
      { notMatch: "/password|secret|apikey|token/i" },
    ]),
    "use-problem-json-for-errors": error(`${ERRORS}.content[*]~`, [enumeration, undefined, PROBLEMS]),
    "errors-have-a-document": error(ERRORS, [truthy, "content"]),
    "use-problem-schema": error(`${ERRORS}.content[*].schema.properties`, has("type", "title", "status", "detail")),
    "hint-problem-schema": warn(`${ERRORS}.content[*].schema.properties[*]~`, [
      pattern,
      undefined,
      { notMatch: "^(message|code|msg)$" },
    ]),
    "missing-ratelimit": warn(`${LIMITED}`, [truthy, "headers"]),
    "ratelimit-429-completeness": error(`${LIMITED}.headers`, has(...RATE_LIMITS)),
    "missing-retry-after": error(`${WAITING}.headers`, has("Retry-After")),
    "response-with-json-object": warn("$.paths[*][*].responses[*].content[*].schema", [
      pattern,
      "type",
      matches("^object$"),
    ]),
    "patch-media-type": error("$.paths[*].patch.requestBody.content", [falsy, "application/json"]),
    "number-format": error(OF_TYPE("number"), [enumeration, "format", { values: ["float", "double"] }], [truthy, "format"]),
    "integer-format": error(OF_TYPE("integer"), [enumeration, "format", { values: ["int32", "int64"] }], [truthy, "format"]),
    "array-boundaries": warn(OF_TYPE("array"), [defined, "minItems"], [defined, "maxItems"]),
    "string-maxlength": warn(
      "$..[?(@ && @.type == 'string' && !@.enum && @.const === undefined && @.format != 'date' && @.format != 'date-time')]",
      [defined, "maxLength"],
    ),
    "number-boundaries": warn(OF_TYPE("integer", "number"), [
      schema,
      undefined,
      {
        schema: {
          allOf: [
            { anyOf: [{ required: ["minimum"] }, { required: ["exclusiveMinimum"] }] },
            { anyOf: [{ required: ["maximum"] }, { required: ["exclusiveMaximum"] }] },
          ],
        },
      },
    ]),
    "constrained-additionalProperties": warn(
      "$..[?(@ && @.type == 'object' && @.additionalProperties && @.additionalProperties !== true)]",
      [defined, "maxProperties"],
    ),
    "sec-protection-global-unsafe": error("$.paths[*][?(@property.match(/^(post|put|patch|delete)$/))].security", [
      schema,
      undefined,
      { schema: { type: "array", minItems: 1, items: { type: "object", minProperties: 1 } } },
    ]),
    "securitySchemes-jwt": error("$.components.securitySchemes[?(@.bearerFormat == 'JWT')]", [
      pattern,
      "description",
      matches("RFC8725"),
    ]),
  },
};
