import { describe, expect, it } from 'vitest';
import { EventLines } from '../../../src/cli/events.ts';
import { OperationError } from '../../../src/control/operation.ts';
import { capturedRunner } from '../../support/captured.ts';

const EVENT = {
  seq: 7,
  at: '2026-11-24T12:00:00Z',
  kind: 'edge',
  zone: 'a.',
  message: 'hidden → rumoured',
  key: 1,
};
const LINE = JSON.stringify(EVENT);

function taken(parts: readonly (string | Buffer)[], asJson = false) {
  const { runner, out } = capturedRunner();
  const lines = new EventLines(runner.output, asJson);
  for (const part of parts) lines.take(Buffer.from(part));
  return { lines, out };
}

describe('lines of events', () => {
  it('are told in words, or as they came', () => {
    expect(taken([`${LINE}\n`]).out).toEqual(['2026-11-24T12:00:00Z a. edge: hidden → rumoured']);
    expect(taken([`${LINE}\n`], true).out).toEqual([LINE]);
    const server = JSON.stringify({ ...EVENT, zone: null, kind: 'alarm', message: 'x' });
    expect(taken([`${server}\n`]).out).toEqual(['2026-11-24T12:00:00Z server alarm: x']);
  });

  it('are put together from parts, however they are cut', () => {
    const octets = Buffer.from(`\n${LINE}\n\n${LINE}\n`);
    for (let at = 0; at <= octets.length; at++) {
      expect(taken([octets.subarray(0, at), octets.subarray(at)]).out).toHaveLength(2);
      expect(taken([octets.subarray(0, at), octets.subarray(at)]).out[1]).toContain('→');
    }
  });

  it('say what is missing', () => {
    expect(taken(['{"kind":"missed","missed":12}\n']).out[0]).toMatch(/^\(12 events are missing here/);
  });

  it('may end, but not while they are followed', () => {
    const { lines } = taken([`${LINE}\n`]);
    expect(lines.hasBegun).toBe(true);
    expect(() => lines.end(false)).not.toThrow();
    const ending = () => lines.end(true);
    expect(ending).toThrow(OperationError);
    expect(() => taken([]).lines.end(true)).toThrow('the server ended the events');
    try {
      ending();
    } catch (error) {
      const { kind, code, fix } = error as OperationError;
      expect([kind, code]).toEqual(['UNREACHABLE', 'EVENTS_ENDED']);
      expect(fix).toContain('keyturn events --follow --since 7');
    }
  });

  it('are not collected without end', () => {
    expect(() => taken(['x'.repeat(2_000_000)])).toThrow('does not end');
  });
});
