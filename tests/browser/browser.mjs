// A headless Chromium, and what every page of it is held to: nothing goes wrong in it, and nothing of it runs what a text says.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.BROWSER_HOME, 'node_modules/'));
const { chromium } = require('playwright-core');
const axe = require('axe-core').source;

const FLAGS = ['--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Every problem that any page had. */
export const problems = [];

/** A browser with a fresh folder of its own, as `work` uses it. Each context is like another person's browser. */
export async function withBrowser(work) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, headless: true, chromiumSandbox: false, args: FLAGS });
  try {
    await work(browser);
  } finally {
    await browser.close();
  }
}

/** Notes whatever goes wrong in the pages of a context; `expected` are parts of addresses that may be refused. */
export function watch(context, expected = []) {
  const isExpected = text => expected.some(part => text.includes(part));
  context.on('page', page => {
    page.on('console', said => { if (said.type() === 'error' && !isExpected(said.location().url + said.text())) problems.push(`${page.url()}: ${said.text()}`); });
    page.on('pageerror', why => problems.push(`${page.url()}: ${why}`));
    page.on('dialog', dialog => { problems.push(`${page.url()}: a text ran: ${dialog.message()}`); dialog.dismiss(); });
  });
  return context;
}

/** What is wrong with a page for those who see, hear or handle it otherwise. */
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const told = node => `${node.target}: ${node.failureSummary.split('\n').slice(1).join(';')}`;
  return found.violations.map(one => `${page.url()} ${one.id}: ${one.nodes.slice(0, 2).map(told).join(' | ')}`);
}

/** Says what was looked at; what fails ends everything. */
export async function check(name, work) {
  const began = Date.now();
  try {
    await work();
  } catch (why) {
    console.log(`FAILED ${name}\n${why.stack}`);
    process.exitCode = 1;
    throw why;
  }
  console.log(`ok ${name} (${Date.now() - began} ms)`);
}

export function expect(is, words) {
  if (!is) throw new Error(words);
}
