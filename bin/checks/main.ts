import { formatDuration } from "../../src/api/units.ts";
import { selectSteps, stepNames, steps } from "./steps.ts";

/** `bin/test`: runs the selected steps, all of them even when one fails, and ends with the sum of their results. */

const selection = selectSteps(process.argv.slice(2));
if (selection === undefined) {
  console.error(`no such step: ${process.argv[2]}; steps: ${stepNames.join(", ")}`);
  process.exit(2);
}
const total = { passed: 0, failed: 0 };
for (const name of selection.names) {
  console.log(`\n── ${name}`);
  const started = performance.now();
  const { passed, failed } = await steps[name](selection.filters);
  total.passed += passed;
  total.failed += failed;
  const took = formatDuration(performance.now() - started);
  console.log(`${failed === 0 ? "ok" : "FAILED"}  ${name}: ${passed} passed, ${failed} failed, ${took}`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
