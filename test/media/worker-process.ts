/** Run as a process of its own: works on the first chunk of a file and prints the process id of its ffmpeg. */
import { mediaBench, probe } from './media-bench.ts';
import { probeSpec, startedFfmpeg, tasksAfter, workOn } from './worker-bench.ts';

const bench = await mediaBench();
const source = await bench.keep(process.argv[2] ?? '');
const { specs } = tasksAfter(probeSpec(source), await probe(source, bench));
const worker = workOn(bench);
for (const spec of specs) worker.lender.add(spec);
console.log(await startedFfmpeg(worker.lines));
