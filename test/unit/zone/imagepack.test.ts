import { describe, expect, it } from 'vitest';
import { type ImageMemory, ZoneImage } from '../../../src/zone/image.ts';
import { ImagePack } from '../../../src/zone/imagepack.ts';
import { ImageSizeError, ImageWriter } from '../../../src/zone/imagewriter.ts';
import { imageOf, signedEpoch, TestServer } from '../../support/served.ts';

const text = (host: string, hosts = 1) =>
  `@ 60 SOA ns.test. h.test. 1 2 3 4 5\n@ 60 NS ns.test.\n${Array.from(
    { length: hosts },
    (_, i) => `${host}${i} 60 A 192.0.2.${i % 250}`,
  ).join('\n')}\n`;
const memoryOf = (image: ImageMemory) => (image instanceof SharedArrayBuffer ? image : image.memory);

describe('small images', () => {
  it('share memory, and are answered from as those with memory of their own', () => {
    const pack = new ImagePack();
    const names = ['a', 'b', 'c'];
    const [packed, alone] = [new TestServer(), new TestServer()];
    const images = names.map((name, i) => {
      const image = imageOf(`${name}.example.`, text(name), { pack });
      for (const [server, one] of [
        [packed, image],
        [alone, imageOf(`${name}.example.`, text(name))],
      ] as const) {
        server.table.publish(i + 1, signedEpoch(`${name}.example.`, one));
      }
      return image;
    });
    expect(new Set(images.map(memoryOf)).size).toBe(1);
    expect(new Set(images.map((image) => ZoneImage.open(image).u8)).size).toBe(1);
    for (const name of names) {
      for (const [owner, type] of [
        ['', 'SOA'],
        [`${name}0.`, 'A'],
        ['none.', 'A'],
        ['', 'DNSKEY'],
      ] as const) {
        const question = [`${owner}${name}.example.`, type] as const;
        expect(withoutSignatures(packed.tell(...question, { dnssecOk: true }))).toBe(
          withoutSignatures(alone.tell(...question, { dnssecOk: true })),
        );
      }
    }
  });

  it('get a new pack when one is full, and memory of their own when they are not small', () => {
    const pack = new ImagePack();
    const images = Array.from({ length: 250 }, (_, i) => imageOf(`z${i}.example.`, text('h'), { pack }));
    const memories = new Set(images.map(memoryOf));
    expect(memories.size).toBeGreaterThan(1);
    expect(memories.size).toBeLessThan(20);
    const alone = ZoneImage.open(imageOf('z0.example.', text('h')));
    for (const image of images.slice(0, 10).map((one) => ZoneImage.open(one))) {
      expect(image.origin[1]).toBe(122);
      expect(image.octets).toBe(alone.octets);
    }
    expect(imageOf('large.example.', text('h', 1_000), { pack })).toBeInstanceOf(SharedArrayBuffer);
  });

  it('are told apart in the same memory', () => {
    const pack = new ImagePack();
    const write = () => {
      const writer = new ImageWriter({ nodes: 1, rrsets: 0, targetWords: 0, heapOctets: 1 }, 1, pack);
      writer.addNode(Uint8Array.of(0), 0, 1, 0, 7, 0);
      return writer.finish({ serial: 1, negativeTtl: 1, records: 0 });
    };
    const [a, b] = [write(), write()];
    expect(ZoneImage.open(a).isSameAs(ZoneImage.open(a))).toBe(true);
    expect(ZoneImage.open(a).isSameAs(ZoneImage.open(b))).toBe(false);
  });
});

describe('an image', () => {
  it('is not begun if offsets could not tell where it ends', () => {
    const write = (heapOctets: number) =>
      new ImageWriter({ nodes: 1, rrsets: 0, targetWords: 0, heapOctets }, 1);
    expect(() => write(2 ** 32)).toThrow(ImageSizeError);
    expect(() => write(2 ** 32)).toThrow('over the limit of 4294967288');
    expect(() => write(1)).not.toThrow();
  });
});

/** ECDSA signatures are never the same twice. */
function withoutSignatures(message: string): string {
  return message.replace(/(\sRRSIG\s.*\s)\S+$/gm, '$1');
}
