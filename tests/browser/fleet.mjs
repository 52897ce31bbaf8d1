// What an operator of a fleet sees of its processes and its broker: driven by tests/dashboard.rs, which starts both.

import { spawnSync } from 'node:child_process';
import { check, expect, problems, violations, watch, withBrowser } from './browser.mjs';

const { base, other, boot, waiting, stop, start } = JSON.parse(process.env.PLAN);
const PAGES = ['/', '/queues', '/workers', '/operations', '/dead-letters', '/campaigns', '/strategies', '/data', '/memory', '/reports',
  '/schedules', '/budget', '/audit', '/keys'];
const PATIENCE = { timeout: 60_000 };

/** Has somebody do something to the servers. */
function have([program, ...words]) {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  expect(status === 0, `${program} ${words.join(' ')}: ${stderr}`);
}

await withBrowser(async browser => {
  const context = watch(await browser.newContext({ baseURL: base, viewport: { width: 1280, height: 900 } }));
  const page = await context.newPage();
  const verdict = page.locator('h1.verdict');

  await check('every page is whole', async () => {
    const wrong = [];
    for (const place of PAGES) {
      const answer = await page.goto(place);
      expect(answer.status() === 200, `${place}: ${answer.status()}`);
      wrong.push(...await violations(page));
    }
    expect(wrong.length === 0, wrong.join('\n'));
  });

  await check('what was chosen at one process is acted on at another, once', async () => {
    await page.goto('/operations?type=training');
    await page.locator('.deed summary', { hasText: 'Cancel all that match' }).click();
    await Promise.all([page.waitForURL('**/selections/*'), page.locator('.deed[open] button[type=submit]').click()]);
    const name = new URL(page.url()).pathname, elsewhere = await context.newPage();
    await elsewhere.goto(other + name);
    expect((await elsewhere.locator(`[id="r-${waiting}"]`).count()) === 1, 'the other process does not know it');
    await elsewhere.fill('[name=count]', '1');
    await Promise.all([elsewhere.waitForNavigation(), elsewhere.click('button.press')]);
    expect((await context.request.get(name)).status() === 404, 'it is good twice');
    await page.goto(`/operations/${waiting}`);
    await page.locator('.stands .status.cancelled').waitFor();
    await elsewhere.close();
  });

  await check('a broker that is gone is said to be, and is no longer when it is back', async () => {
    await page.goto('/');
    expect(!/RabbitMQ/.test(await verdict.innerText()), 'it is said to be gone before it is');
    await page.evaluate(() => { window.isSame = true; });
    have(stop);
    await verdict.filter({ hasText: 'RabbitMQ' }).waitFor(PATIENCE);
    expect((await page.locator('.reasons .next').first().innerText()).includes('ktrdr doctor'), 'nothing is said of what to do next');
    have(start);
    await verdict.filter({ hasText: 'RabbitMQ' }).waitFor({ state: 'detached', ...PATIENCE });
    expect(await page.evaluate(() => window.isSame), 'it was loaded again');
  });

  await check('a worker is drained, and goes', async () => {
    await page.goto('/workers');
    const card = page.locator(`[id="w-${boot}"]`);
    await card.locator('summary', { hasText: 'Drain' }).click();
    expect((await card.locator('.cli').first().innerText()).startsWith('ktrdr workers drain'), 'no command line is told');
    await card.locator('[name=reason]').fill('a test');
    await Promise.all([page.waitForNavigation(), card.locator('button[type=submit]').click()]);
    await card.waitFor({ state: 'detached', ...PATIENCE });
    expect((await page.locator('.card').count()) === 2, 'somebody else went, too');
  });

  expect(problems.length === 0, problems.join('\n'));
});
console.log('everything was as it should be');
