/** Validators of others that judge a signed zone as a whole. */
import { getPeer } from './peers.ts';
import { run } from './processes.ts';

/** What BIND's and ldns's verifiers find wrong with a zone file; empty if it is completely signed. */
export async function wholeZoneFaults(origin: string, file: string): Promise<string[]> {
  const verdicts = [
    { verifier: 'dnssec-verify', ...(await run(getPeer('dnssec-verify'), ['-z', '-o', origin, file])) },
    { verifier: 'ldns-verify-zone', ...(await run(getPeer('ldns-verify-zone'), [file])) },
  ];
  return verdicts.flatMap(({ verifier, code, stdout, stderr }) =>
    code === 0 ? [] : [`${verifier} ${origin}: ${stdout}${stderr}`],
  );
}
