/** Words for people that server and command line share. Loads nothing, so that commands start fast. */

/** CSK, KSK or ZSK. */
export function keyWord({ roles }: { readonly roles: readonly string[] }): 'CSK' | 'KSK' | 'ZSK' {
  if (roles.length > 1) return 'CSK';
  return roles[0] === 'key-signing' ? 'KSK' : 'ZSK';
}

/** What steps wait for, in the words of an operator. */
const STEP_WORDS: Readonly<Record<string, string>> = {
  start: 'the first step',
  sign: 'signed data in all caches',
  publish: 'new DNSKEY in all caches',
  'pre-sign': 'signatures of the new algorithm in all caches',
  switch: 'signatures of the new key in all caches',
  request: 'new DS at the parent',
  soak: 'new DS in all caches',
  swap: 'the new key in the place of the old one',
  withdraw: 'old DS gone from the parent',
  drain: 'old DS out of caches',
  unpublish: 'old DNSKEY out of caches',
  remove: 'old key out of caches',
  stop: 'signatures of the old algorithm out of caches',
  ask: 'DS gone from the parent',
  unsign: 'keys and signatures out of caches',
  restore: 'everything in all caches again',
};

/** `new DS at the parent` for `request`. */
export function stepWords(step: string): string {
  return STEP_WORDS[step] ?? step;
}
