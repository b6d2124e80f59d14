/** `keyturn timeline --svg FILE`. */
import fs from 'node:fs';
import type { Command } from 'commander';
import { OperationError } from '../control/operation.ts';
import { checkParams, optionWord, parametersOf } from '../control/parameters.ts';
import { paramsOf } from './command.ts';
import type { Runner } from './runner.ts';
import { printTimeline } from './timeline.ts';
import { timelineSvg } from './timeline-svg.ts';

const STDOUT = '-';

/** Adds `--svg` to the command of the operation. */
export function addSvg(command: Command, runner: Runner): void {
  const parameters = parametersOf('timeline');
  command
    .option('--svg <file>', 'write it as SVG into this file, or to the output with "-"')
    .action(async () => {
      const params = checkParams('timeline', paramsOf(command, parameters), optionWord);
      const { svg } = command.opts<{ readonly svg?: string }>();
      const timeline = await runner.call('timeline', params);
      if (svg === undefined) {
        runner.show(timeline, () => printTimeline(runner.output, timeline));
        return;
      }
      if (svg === STDOUT) {
        runner.output.print(timelineSvg(timeline).trimEnd());
        return;
      }
      write(svg, timelineSvg(timeline));
      runner.show(timeline, () => runner.output.note(`wrote ${svg}`));
    });
}

/** Throws OperationError. */
function write(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text);
  } catch (error) {
    const message = `the picture cannot be written: ${(error as Error).message}`;
    throw new OperationError(
      'DATA_WRONG',
      'SVG_UNWRITTEN',
      message,
      'name a file in a directory that is there',
    );
  }
}
