import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

/** What a page is held against wherever it looks whole: people who cannot see it, and what moves while it loads. */
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Boxes that move by less than this together are not noticed; web.dev calls ten times as much good. */
const MOST_SHIFT = 0.01;

type Axe = {
  run(context: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
};

/** Holds the page against the rules of axe-core, all but the player, which has tests of its own. */
export async function assertAccessible(page: Page): Promise<void> {
  // The pages' own policy lets no such script in; what the debugger evaluates is not asked.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const { violations } = await axe.run({ exclude: [['.player']] });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join(' ')}`,
    );
  });
  assert.deepEqual(found, [], page.url());
}

type Seen = { shift: number; moved: string[]; longTasks: number[] };

/** Has the page note from its start what moves without being asked to, and what keeps it from answering. */
export async function noteShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen: Seen = { shift: 0, moved: [], longTasks: [] };
    Object.assign(globalThis, { seen });
    type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node: Element | null }[] };
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries() as Shift[]) {
        if (hadRecentInput) continue;
        seen.shift += value;
        seen.moved.push(...sources.map(({ node }) => node?.className?.toString() ?? ''));
      }
    }).observe({ type: 'layout-shift', buffered: true });
    new PerformanceObserver((list) => {
      seen.longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)));
    }).observe({ type: 'longtask', buffered: true });
  });
}

export const seenBy = (page: Page): Promise<Seen> =>
  page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);

export async function assertSteady(page: Page): Promise<void> {
  const { shift, moved } = await seenBy(page);
  assert.ok(shift <= MOST_SHIFT, `${page.url()} shifted by ${shift}: ${moved.join(', ')}`);
}

/** Has the page count what came over the wire, heads included, but for the pictures of videos. */
export async function countBytes(page: Page): Promise<() => Map<string, number>> {
  const session = await page.context().newCDPSession(page);
  const addresses = new Map<string, string>();
  const bytes = new Map<string, number>();
  session.on('Network.responseReceived', ({ requestId, type, response }) => {
    if (type !== 'Image' || !response.url.includes('/play/')) addresses.set(requestId, response.url);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const address = addresses.get(requestId);
    if (address) bytes.set(address, encodedDataLength);
  });
  await session.send('Network.enable');
  return () => bytes;
}
