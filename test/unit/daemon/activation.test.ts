import { describe, expect, it } from 'vitest';
import { activatedSockets } from '../../../src/daemon/activation.ts';
import { withinDescriptors } from '../../../src/daemon/descriptors.ts';
import { createLog } from '../../../src/ops/log.ts';
import { defaultConfig, parseConfig } from '../../../src/store/config.ts';

describe('activatedSockets', () => {
  it('takes no sockets that are meant for another process, and takes the variables away', () => {
    const environment: NodeJS.ProcessEnv = {
      LISTEN_PID: '1',
      LISTEN_FDS: '2',
      LISTEN_FDNAMES: 'a:b',
      HOME: '/',
    };
    expect(activatedSockets({ environment, pid: 2 })).toEqual([]);
    expect(environment).toEqual({ HOME: '/' });
  });

  it('takes none without systemd', () => {
    expect(activatedSockets({ environment: {}, pid: 2 })).toEqual([]);
    expect(activatedSockets({ environment: { LISTEN_PID: '2', LISTEN_FDS: '0' }, pid: 2 })).toEqual([]);
  });
});

describe('withinDescriptors', () => {
  const log = createLog('fatal' as 'error', { isTerminal: false });
  const maxOf = (text: string, limit: number): number | undefined =>
    withinDescriptors(parseConfig(text, 'a.yaml').config!, log, limit).transport.streams.maxConnections;

  it('allows as many connections as there can be', () => {
    expect(maxOf('tcp: { connections: 50000 }', 20_000)).toBe(19_488);
    expect(maxOf('tcp: { connections: 500 }', 20_000)).toBe(500);
    expect(maxOf('', 4_096)).toBe(3_584);
    expect(maxOf('', 100)).toBe(16);
  });

  it('leaves a configuration that fits as it is', () => {
    const config = defaultConfig();
    expect(withinDescriptors(config, log, 65_536)).toBe(config);
  });
});
