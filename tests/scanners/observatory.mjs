// Mozilla's HTTP Observatory as a library: its retriever, tests and grader, on any port and path.
// Its own scan() knows port 443 and "/" alone, and refuses to grade an error page.
//
// node observatory.mjs MODULES HOST HTTPS_PORT HTTP_PORT PATH... writes one JSON object, by path.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, host, httpsPort, httpPort, ...paths] = process.argv.slice(2);
const source = path.join(modules, "@mdn", "mdn-http-observatory", "src");

// Browsers' preload list, which the package downloads when it is installed. Hosts of a test are
// not on it.
const { readFileSync } = fs;
fs.readFileSync = (name, ...rest) =>
  String(name).endsWith("hsts-preload.json") ? "{}" : readFileSync(name, ...rest);

const load = (name) => import(pathToFileURL(path.join(source, name)));
const { ALL_TESTS } = await load("constants.js");
const { retrieve } = await load("retriever/retriever.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await load("grader/charts.js");
const { getGradeForScore, getScoreModifier } = await load("grader/grader.js");

async function judge(address) {
  const retrieved = await retrieve(host, { path: address, httpsPort, httpPort });
  if (!retrieved.responses.auto) {
    throw new Error(`no answer from ${host}:${httpsPort}${address}`);
  }
  const results = {};
  let penalties = 0;
  let bonuses = 0;
  for (const test of ALL_TESTS) {
    const output = test(retrieved);
    const modifier = getScoreModifier(output.result);
    results[output.constructor.name] = [output.result, modifier];
    if (modifier < 0) {
      penalties += modifier;
    } else {
      bonuses += modifier;
    }
  }
  const score = 100 + penalties;
  const total = score >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? score + bonuses : score;
  return { status: retrieved.responses.auto.status, ...getGradeForScore(total), results };
}

const verdicts = {};
for (const address of paths) {
  verdicts[address] = await judge(address);
}
process.stdout.write(JSON.stringify(verdicts));
process.exit();
