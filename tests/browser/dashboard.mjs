// What an operator does with the dashboard, and what everybody is shown: driven by tests/dashboard.rs, which prepares a workspace.

import { spawn, spawnSync } from 'node:child_process';
import { check, expect, problems, violations, watch, withBrowser } from './browser.mjs';

const { base, admin, viewer, campaign, hostile, pid, again } = JSON.parse(process.env.PLAN);
const PAGES = ['/', '/queues', '/workers', '/operations', '/dead-letters', '/campaigns', `/campaigns/${campaign}`, '/strategies',
  '/strategies/fx_pullback', '/data', '/data/EURUSD/1h', '/memory', '/reports', '/schedules', '/budget', '/audit', '/keys', `/operations/${hostile}`,
  '/operations?status=failed&type!=training&error~script', '/operations?type=training&sort=-took', '/strategies/fx_pullback/models/1'];
const BYTES_MAX = 150_000;
const options = { baseURL: base, viewport: { width: 1280, height: 900 } };

async function signIn(context, token) {
  const page = await context.newPage();
  await page.goto('/queues');
  await page.fill('#token', token);
  await page.click('button[type=submit]');
  await page.waitForSelector('nav');
  return page;
}

/** Unfolds a button and presses it. */
async function press(page, name, fill = {}) {
  const deed = page.locator('.deed', { has: page.locator('summary', { hasText: name }) }).first();
  await deed.locator('summary').click();
  for (const [field, value] of Object.entries(fill)) await deed.locator(`[name=${field}]`).fill(value);
  expect((await deed.locator('.cli').innerText()).startsWith('ktrdr '), `${name} tells no command line`);
  await Promise.all([page.waitForNavigation(), deed.locator('button[type=submit]').click()]);
}

const said = page => page.locator('.said').innerText();
const live = page => page.waitForFunction(() => document.getElementById('age').textContent === 'live');

await withBrowser(async browser => {
  const open = async (more = {}, expected = []) => watch(await browser.newContext({ ...options, ...more }), expected);
  const lines = new Set();
  let page;

  await check('whoever is not let in is asked for a token, and a wrong one is refused', async () => {
    const stranger = await open({}, ['/queues', '/api/v1/session']);
    page = await stranger.newPage();
    expect((await page.goto('/queues')).status() === 401, 'a stranger was let in');
    await page.fill('#token', 'ktrdr_nobody');
    await page.click('button[type=submit]');
    await page.waitForFunction(() => document.getElementById('refused').textContent.includes('Not let in'));
    await stranger.close();
    page = await signIn(await open({}, ['/queues', '/selections/', 'ERR_CONNECTION', '/api/v1/events']), admin);
  });
  const ours = page.context();

  await check('every page is whole, small, and runs nothing that a text says', async () => {
    const wrong = [];
    for (const place of PAGES) {
      const answer = await page.goto(place);
      expect(answer.status() === 200, `${place}: ${answer.status()}`);
      const bytes = (await answer.body()).length;
      expect(bytes <= BYTES_MAX, `${place} has ${bytes} bytes`);
      const policy = answer.headers()['content-security-policy'];
      expect(policy.includes("script-src 'self'") && !policy.includes('unsafe'), policy);
      const foreign = await page.locator('img, iframe, style, script:not([src]), [style], [onerror], [onload], [onclick]').count();
      expect(foreign === 0, `${place}: a text is markup`);
      wrong.push(...await violations(page));
      for (const line of await page.locator('.cli').allTextContents()) if (line.startsWith('ktrdr ')) lines.add(line);
    }
    expect(wrong.length === 0, wrong.join('\n'));
    expect((await page.evaluate(() => window.ran)) === undefined, 'a text ran');
  });

  await check('every command line that a page tells is one', async () => {
    for (const line of lines) {
      let words = line.match(/'[^']*'|[^ ]+/g).slice(1).map(word => word.replaceAll("'", ''));
      const blank = words.findIndex(word => ['…', 'ID', 'TIME'].includes(word));
      if (blank >= 0) words = words.slice(0, words[blank - 1].startsWith('--') ? blank - 1 : blank);
      const { status, stderr } = spawnSync(again[0], [...words, '--help'], { encoding: 'utf8' });
      expect(status === 0, `${line}: ${stderr}`);
    }
    expect(lines.size > 20, `only ${lines.size} command lines were told`);
  });

  await check('in the dark and on a phone as well', async () => {
    const state = await ours.storageState();
    const phone = await open({ colorScheme: 'dark', viewport: { width: 390, height: 800 }, storageState: state });
    const small = await phone.newPage(), wrong = [];
    for (const place of PAGES) {
      await small.goto(place);
      const wide = await small.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) wrong.push(`${place} is ${wide} pixels too wide`);
      wrong.push(...await violations(small));
    }
    expect(wrong.length === 0, wrong.join('\n'));
    await phone.close();
  });

  await check('a page is sorted by its address, and a model says how it came about', async () => {
    await page.goto('/operations');
    const types = () => page.locator('.rows tbody td:nth-child(2)').allInnerTexts();
    for (const [press, isSorted] of [['type', (a, b) => a <= b], ['type ↑', (a, b) => a >= b]]) {
      await Promise.all([page.waitForNavigation(), page.locator('#orders a', { hasText: press }).click()]);
      const shown = await types();
      expect(shown.length > 3 && shown.slice(1).every((type, at) => isSorted(shown[at], type)), `${page.url()}: ${shown}`);
    }
    await page.goto('/strategies/fx_pullback');
    await Promise.all([page.waitForURL('**/models/1'), page.locator('a', { hasText: 'v1' }).click()]);
    expect((await page.locator('.facts').innerText()).includes('Right on test rows'), 'it says nothing of how good it is');
    expect((await page.locator('svg').count()) > 0, 'it does not show how it learned');
  });

  await check('a cycle is begun and watched to its end', async () => {
    await page.goto('/');
    await press(page, 'Start a cycle', { symbol: 'EURUSD', timeframe: '1h', brief: '<img src=x onerror=alert(1)>' });
    expect((await said(page)).includes('begun'), 'nothing was said');
    await page.evaluate(() => { window.isSame = true; });
    await page.waitForSelector('.stands .status.failed, .stands .status.completed', { timeout: 60_000 });
    expect(await page.evaluate(() => window.isSame), 'it was loaded again');
    expect((await page.locator('.passage li').count()) > 3, 'it went through nothing');
    expect((await page.locator('h2', { hasText: 'Its jobs' }).count()) === 1, 'its jobs are not shown');
  });

  await check('a queue is paused, a job waits and says why, is cancelled, and the queue is resumed', async () => {
    await page.goto('/queues');
    const row = page.locator('#q-training');
    const button = name => row.locator('.deed', { hasText: name });
    await button('Pause').locator('summary').click();
    await Promise.all([page.waitForNavigation(), button('Pause').locator('button').click()]);
    await row.locator('.tag', { hasText: 'paused' }).waitFor();
    const answer = await ours.request.post('/api/v1/trainings/start', { data: { strategy: { name: 'fx_pullback' } }, headers: { Origin: base } });
    const { operation } = await answer.json();
    await page.goto(`/operations/${operation}`);
    await page.locator('#why', { hasText: 'paused' }).waitFor();
    await press(page, 'Cancel', { reason: 'a test' });
    await page.locator('.stands .status.cancelled').waitFor();
    await page.goto('/queues');
    await button('Resume').locator('summary').click();
    await Promise.all([page.waitForNavigation(), button('Resume').locator('button').click()]);
    expect((await row.locator('.tag').count()) === 0, 'it is still paused');
  });

  await check('dead letters are retried by what they have in common, as they were chosen', async () => {
    await page.goto('/dead-letters');
    const group = page.locator('.card').first();
    expect((await group.locator('h2').innerText()).startsWith('2 ×'), await group.locator('h2').innerText());
    await group.locator('summary').click();
    await Promise.all([page.waitForNavigation(), group.locator('button').click()]);
    const chosen = page.url();
    await page.fill('[name=count]', '3');
    await Promise.all([page.waitForNavigation(), page.click('button.press')]);
    expect((await page.locator('.what').innerText()).includes('nothing was done'), 'a wrong count was taken');
    await page.goto(chosen);
    await page.fill('[name=count]', '2');
    await Promise.all([page.waitForNavigation(), page.click('button.press')]);
    expect((await page.goto(chosen)).status() === 404, 'a selection was good twice');
    await page.goto('/dead-letters');
    expect((await page.locator('.card').first().innerText()).includes('2 were submitted again'), 'nothing was retried');
  });

  await check('a schedule is made, told in plain words, begun, and deleted', async () => {
    await page.goto('/schedules');
    await press(page, 'Make a schedule', { name: 'nightly', cron: '30 1 * * 1-5', symbol: 'EURUSD', timeframe: '1h', anyway: 'a test' });
    await page.locator('.stands', { hasText: 'Monday to Friday at 01:30' }).waitFor();
    expect((await page.locator('section', { hasText: 'The next ten' }).locator('li').count()) === 10, 'there are not ten');
    await press(page, 'Pause', { reason: 'a <b>test</b>' });
    await page.locator('.notice', { hasText: 'a <b>test</b>' }).waitFor();
    await press(page, 'Delete', { name: 'nightly' });
    expect((await said(page)).includes('gone'), 'it is still there');
  });

  await check('eight tabs share one stream and are all live', async () => {
    const tabs = [page];
    while (tabs.length < 8) tabs.push(await ours.newPage());
    await Promise.all(tabs.map(tab => tab.goto('/queues')));
    await Promise.all(tabs.map(live));
    const locks = await page.evaluate(() => navigator.locks.query());
    const held = locks.held.filter(lock => lock.name === 'ktrdr').length;
    const waiting = locks.pending.filter(lock => lock.name === 'ktrdr').length;
    expect(held === 1 && waiting === 7, `${held} streams, ${waiting} wait`);
    await ours.request.post('/api/v1/queues/probe/pause', { headers: { Origin: base } });
    await Promise.all(tabs.map(tab => tab.locator('#q-probe .tag').waitFor()));
    // Whoever led goes: another one leads.
    await tabs[0].close();
    page = tabs[1];
    await ours.request.post('/api/v1/queues/probe/resume', { headers: { Origin: base } });
    await Promise.all(tabs.slice(1).map(tab => tab.locator('#q-probe .tag').waitFor({ state: 'detached' })));
    await Promise.all(tabs.slice(2).map(tab => tab.close()));
  });

  await check('a page whose server goes says how old it is, and comes back with it; a paused one waits', async () => {
    await live(page);
    process.kill(pid, 'SIGTERM');
    await page.waitForFunction(() => document.getElementById('age').textContent.startsWith('cut off for'));
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KTRDR_')));
    const server = spawn(again[0], again.slice(1), { stdio: 'ignore', env });
    process.on('exit', () => server.kill('SIGKILL'));
    await live(page);
    await page.click('#pause');
    await page.waitForFunction(() => document.getElementById('age').textContent.startsWith('paused'));
    await page.keyboard.press('p');
    await live(page);
  });

  await check('the keyboard leads everywhere', async () => {
    await page.keyboard.press('g');
    await Promise.all([page.waitForURL('**/operations'), page.keyboard.press('o')]);
    await page.keyboard.press('j');
    await Promise.all([page.waitForURL('**/operations/op_*'), page.keyboard.press('Enter')]);
    await Promise.all([page.waitForURL('**/keys'), page.keyboard.press('?')]);
  });

  await check('a viewer is shown no button, and a deed is refused to them', async () => {
    const theirs = await open({}, ['/queues']);
    const seen = await signIn(theirs, viewer);
    for (const place of ['/', '/queues', '/workers', '/dead-letters', `/operations/${hostile}`, '/schedules']) {
      await seen.goto(place);
      expect((await seen.locator('form[method=post]').count()) === 0, `${place} has a button for a viewer`);
    }
    expect((await seen.locator('nav a', { hasText: 'Audit' }).count()) === 0, 'a viewer is led to the audit log');
    const refused = await theirs.request.post('/queues/training/pause', { form: { back: '/queues' }, headers: { Origin: base } });
    expect(refused.status() === 403, `${refused.status()}`);
    const foreign = await ours.request.post('/queues/training/pause', { form: {}, headers: { Origin: 'http://evil.example' } });
    expect(foreign.status() === 403, `${foreign.status()}`);
    await theirs.close();
  });

  expect(problems.length === 0, problems.join('\n'));
});
console.log('everything was as it should be');
// The server that was started again ends with this.
process.exit();
