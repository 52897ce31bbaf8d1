// Pictures of every page: scripts/screenshots.

import { join } from 'node:path';
import { withBrowser } from './browser.mjs';

const { BASE, OUT } = process.env;
const only = process.argv.slice(2);
const SIZES = { desk: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } };

await withBrowser(async browser => {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      const links = async (list, link) => {
        await page.goto(BASE + list);
        return page.evaluate(link => [...document.querySelectorAll(link)].map(a => a.getAttribute('href')), link);
      };
      const first = async (list, link) => (await links(list, link))[0];
      const report = places => places.some(place => place) && `/reports/${places.map(place => place.split('/').pop()).join(',')}`;
      const [cycle, campaign] = [await first('/operations?type=agent_research', '.rows a.plain'), await first('/campaigns', '.rows th a')];
      const trainings = await links('/operations?type=training&status=completed', '.rows a.plain');
      const backtests = await links('/operations?type=backtesting&status=completed', '.rows a.plain');
      const places = {
        overview: '/', queues: '/queues', workers: '/workers', operations: '/operations',
        cycle, training: trainings[0], backtest: backtests[0],
        'report-backtest': report(backtests.slice(-1)), 'report-training': report(trainings.slice(-1)), 'report-campaign': report([campaign]),
        'report-backtests': report(backtests.slice(-4)), 'report-trainings': report(trainings.slice(-4)),
        'dead-letters': '/dead-letters', campaigns: '/campaigns', campaign,
        strategies: '/strategies', strategy: '/strategies/fx_pullback', data: '/data', memory: '/memory', reports: '/reports',
        schedules: '/schedules', schedule: await first('/schedules', '.rows th a'), budget: '/budget', audit: '/audit', keys: '/keys',
        'sign-in': '/sign-in',
      };
      for (const [name, place] of Object.entries(places)) {
        if (!place || (only.length && !only.includes(name))) continue;
        await page.goto(BASE + place);
        // Long enough for a line to be drawn of how queues went.
        if (name === 'overview' && size === 'desk' && colorScheme === 'light') await page.waitForTimeout(22_000);
        await page.waitForTimeout(600);
        await page.screenshot({ path: join(OUT, `${name}-${size}-${colorScheme}.png`), fullPage: size === 'desk' && name !== 'overview' });
      }
      await context.close();
    }
  }
});
