// How long a page takes until its table has rows; started by bench/run console.
// Arguments: the page, the path of Chromium. Prints PAINT and milliseconds, the median of several.
import {chromium} from "playwright-core";

const TIMES = 11;
const [page, browserPath] = process.argv.slice(2);
const browser = await chromium.launch({executablePath: browserPath, args: ["--no-sandbox"]});
const took = [];
for (let i = 0; i < TIMES; i++) {
  const context = await browser.newContext();
  const tab = await context.newPage();
  await tab.goto(page, {waitUntil: "commit"});
  await tab.waitForFunction(() => document.querySelector("#rows tbody tr"), null, {polling: 10});
  took.push(await tab.evaluate(() => performance.now()));
  await context.close();
}
await browser.close();
took.sort((a, b) => a - b);
console.log(`PAINT ${Math.round(took[Math.floor(TIMES / 2)])}`);
