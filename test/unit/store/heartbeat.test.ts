import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { loadHeartbeat, saveHeartbeat } from '../../../src/store/heartbeat.ts';
import { ShapeError } from '../../../src/store/json-shape.ts';
import { AFTERMATHS, SimulatedCrash, SimulatedFiles } from '../../support/simulated-files.ts';

const NOW = unixSeconds(1_795_521_600);

describe('the heartbeat', () => {
  it('gives back the newest key time that was saved, whenever power is lost', async () => {
    for (const aftermath of AFTERMATHS) {
      for (let step = 1; step <= 6; step++) {
        const files = new SimulatedFiles();
        await files.makeDirectory('/keys');
        expect(loadHeartbeat(files, '/keys')).toBeUndefined();
        await saveHeartbeat(files, '/keys', NOW);
        files.crashAt(step);
        const later = unixSeconds(NOW + 600);
        await expect(saveHeartbeat(files, '/keys', later)).rejects.toThrow(SimulatedCrash);
        files.restart(aftermath);
        expect([NOW, later]).toContain(loadHeartbeat(files, '/keys'));
      }
    }
  });

  it.each(['', '[]', '{"format":2,"keyTime":"2026-11-24T12:00:00Z"}', '{"format":1,"keyTime":"soon"}'])(
    'is damaged as %j',
    (text) => {
      const files = new SimulatedFiles();
      files.put('/keys/clock.json', text);
      expect(() => loadHeartbeat(files, '/keys')).toThrow(ShapeError);
    },
  );
});
