// Google's CSP Evaluator: node csp_evaluator.mjs MODULES POLICY writes its findings as JSON, with
// those of its checks for strict policies.

import { createRequire } from "node:module";
import path from "node:path";

const [modules, policy] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), "index.js"));
const { CspEvaluator, DEFAULT_CHECKS, STRICTCSP_CHECKS } = require("csp_evaluator/dist/evaluator.js");
const { CspParser } = require("csp_evaluator/dist/parser.js");
const { Severity, Type } = require("csp_evaluator/dist/finding.js");

const { csp } = new CspParser(policy);
// Those for strict policies are about the policy as it is written, fallbacks included: a browser of
// today does not see them, and so the others do not either.
const findings = new CspEvaluator(csp).evaluate(STRICTCSP_CHECKS, DEFAULT_CHECKS);
process.stdout.write(
  JSON.stringify(
    findings.map(({ type, severity, directive, value }) => ({
      type: Type[type],
      severity: Severity[severity],
      directive,
      value,
    })),
  ),
);
