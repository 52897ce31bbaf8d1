// Pictures of every page: scripts/screenshots.

import { join } from 'node:path';
import { withBrowser } from './browser.mjs';

const { BASE, OUT } = process.env;
const only = process.argv.slice(2);
const SIZES = { desk: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } };

async function until(page, place) {
  for (let tries = 0; ; tries++) {
    try { return await page.goto(BASE + place); } catch (why) { if (tries > 100) throw why; await new Promise(done => setTimeout(done, 100)); }
  }
}

await withBrowser(async browser => {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      const first = async (list, link) => {
        await until(page, list);
        return page.evaluate(link => document.querySelector(link)?.getAttribute('href'), link);
      };
      const places = {
        overview: '/', queues: '/queues', workers: '/workers', operations: '/operations',
        cycle: await first('/operations?type=agent_research', '.rows a.plain'),
        training: await first('/operations?type=training&status=completed', '.rows a.plain'),
        backtest: await first('/operations?type=backtesting&status=completed', '.rows a.plain'),
        'dead-letters': '/dead-letters', campaigns: '/campaigns', campaign: await first('/campaigns', '.rows th a'),
        strategies: '/strategies', strategy: '/strategies/fx_pullback', data: '/data', memory: '/memory', reports: '/reports',
        schedules: '/schedules', schedule: await first('/schedules', '.rows th a'), budget: '/budget', audit: '/audit', keys: '/keys',
        'sign-in': '/sign-in',
      };
      for (const [name, place] of Object.entries(places)) {
        if (!place || (only.length && !only.includes(name))) continue;
        await until(page, place);
        if (name === 'overview' || name === 'queues') await page.waitForTimeout(900);
        await page.screenshot({ path: join(OUT, `${name}-${size}-${colorScheme}.png`), fullPage: size === 'desk' && name !== 'overview' });
      }
      await context.close();
    }
  }
});
