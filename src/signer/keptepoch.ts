/**
 * What is kept of epochs by those who have one of each zone: one without signatures is an image and nothing else, and is
 * made of it when it is asked for. That spares 160 octets of each of very many zones.
 */
import type { ImageMemory } from '../zone/image.ts';
import { type Epoch, unsignedEpoch } from './epoch.ts';

export type KeptEpoch = Epoch | ImageMemory;

export function keptOf(epoch: Epoch): KeptEpoch {
  return epoch.denial === null ? epoch.image : epoch;
}

export function epochOf(kept: KeptEpoch): Epoch {
  return 'image' in kept ? kept : unsignedEpoch(kept);
}
