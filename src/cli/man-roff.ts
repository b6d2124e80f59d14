/** Text of man(7) pages: what roff would take for its own is escaped, so that text stays text. */

/** A text in running lines. */
export function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replace(/…/g, '...')
    .replace(/→/g, '\\(->');
}

/** A word for the line of a macro. */
export function quoted(text: string): string {
  return `"${roff(text).replace(/"/g, '\\(dq')}"`;
}

/** What is typed as it stands, with placeholders in the other face: `--type <type>`. */
export function typed(text: string): string {
  return roff(text).replace(/<([^>]+)>|\b([A-Z]{2,}(?:\.\.\.)?)/g, (_, inner?: string, word?: string) => {
    return `\\fI${inner ?? word}\\fB`;
  });
}

/** Lines of a source file are not longer. */
const LINE_OCTETS = 78;

/** A text in running lines, broken where there is a blank. */
export function filled(text: string): string {
  const lines: string[] = [];
  for (const word of roff(text).split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > LINE_OCTETS)
      lines.push(word.replace(/^([.'])/, '\\&$1'));
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}

/** A paragraph. */
export function paragraph(text: string): string {
  return `.PP\n${filled(text)}`;
}

/** A term in bold and what it means. */
export function term(head: string, meaning: string): string {
  return `.TP\n\\fB${typed(head)}\\fR\n${filled(meaning)}`;
}

/** Lines as they are. */
export function verbatim(lines: readonly string[]): string {
  return ['.PP', '.nf', '.RS', ...lines.map(roff), '.RE', '.fi'].join('\n');
}
