/**
 * The tables of `docs/performance.md`, made of `bench/results.md`: that of bench:peers, and of each other bench the
 * figures that say what their goal is. A goal is written as `(goal ≤ 1.1: reached)` or `(goal …: **missed**)`.
 */

const BEGIN = '<!-- begin results: made of bench/results.md by each bench that writes there -->';
const END = '<!-- end results -->';
const GOAL = /\(goal [^:|]*: (?:reached|\*\*missed\*\*)\)/;

/** Page with the block between its marks made anew; throws if it has no marks. */
export function renewPage(page: string, results: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from === -1 || to < from)
    throw new Error(`docs/performance.md lacks the marks of its tables: ${BEGIN}`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${tablesOf(results)}\n\n${page.slice(to)}`;
}

function tablesOf(results: string): string {
  const sections = results.split(/^(?=## )/m).filter((text) => text.startsWith('## '));
  const isOfPeers = (text: string): boolean => text.includes('`npm run bench:peers');
  const peers = sections.find(isOfPeers)?.match(/^\|.*\|$/gm) ?? [];
  const goals = sections.filter((text) => !isOfPeers(text)).flatMap(goalsOf);
  const head = ['| bench | what | measured |', '| --- | --- | --- |'];
  return [...peers, '', 'What other benches measured that has a goal:', '', ...head, ...goals].join('\n');
}

/** A row for each figure of a section that has a goal. */
function goalsOf(section: string): string[] {
  const title = /^## (.*)$/m.exec(section)![1]!;
  const rows: string[] = [];
  let head: readonly string[] = [];
  let carried: string[] = [];
  for (const cells of section.split('\n').map(cellsOf)) {
    if (cells.length === 0) head = [];
    else if (head.length === 0) head = cells;
    // A cell that is empty means what stands above it.
    carried = cells.map((cell, i) => (cell === '' && cells[0] === '' ? (carried[i] ?? '') : cell));
    for (const [i, cell] of cells.entries()) {
      if (!GOAL.test(cell)) continue;
      const what = leading(carried.slice(0, i)).join(', ');
      rows.push(`| [${title}](../bench/results.md#${anchorOf(title)}) | ${what} | ${named(head[i], cell)} |`);
    }
  }
  return rows;
}

function cellsOf(line: string): string[] {
  return line.startsWith('|')
    ? line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim())
    : [];
}

/** The words at the beginning of a row, up to its first figure. */
function leading(cells: readonly string[]): readonly string[] {
  const figure = cells.findIndex((cell, i) => i > 0 && /^[\d–]/.test(cell));
  return figure === -1 ? cells : cells.slice(0, figure);
}

function named(column: string | undefined, cell: string): string {
  return column === undefined || column === '' ? cell : `${column}: ${cell}`;
}

/** As GitHub makes it of a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
}
