/** What the start prints for a person: where the server listens, which zones it serves, what to type to see it. */
import { counted } from '../base/diagnostic.ts';
import type { Config } from '../store/config.ts';
import { formatListen, isWildcard } from '../transport/listen.ts';
import type { Zone } from './zone.ts';

const TOLD_ZONES = 20;

/** Lines for stdout. */
export function startSummary(config: Config, zones: readonly Zone[], version: string): string[] {
  const served = zones.filter((zone) => zone.served !== undefined);
  const signed = served.filter((zone) => zone.signing !== undefined).length;
  const others = zones.filter((zone) => zone.served === undefined);
  const failed = others.filter((zone) => zone.problem !== undefined).length;
  const loading = others.length - failed;
  const { tlsListen } = config.transport;
  const listen = [
    ...config.listen.map(formatListen),
    ...tlsListen.map((place) => `${formatListen(place)} (TLS)`),
  ];
  const broken = failed === 0 ? '' : `, ${failed} not loaded (see the log)`;
  const late = loading === 0 ? '' : `, ${loading} still loading`;
  const lines = [
    `keyturn ${version} serves ${counted(served.length, 'zone')} (${signed} signed${broken}${late}) on ${listen.join(', ')}`,
  ];
  if (served.length === 0) {
    if (loading > 0) return lines;
    lines.push(`  no zones yet: put a file like example.com.zone into ${config.zonesDirectory}`);
    return lines;
  }
  lines.push('  try:');
  for (const zone of served.slice(0, TOLD_ZONES)) lines.push(`    ${digLine(config, zone)}`);
  if (served.length > TOLD_ZONES) {
    lines.push(`    … and ${served.length - TOLD_ZONES} more: keyturn zone list`);
  }
  return lines;
}

/** A command that shows the zone's SOA with its signature. */
export function digLine(config: Config, zone: Pick<Zone, 'name' | 'signing'>): string {
  const { address, port } = config.listen[0]!;
  const server = isWildcard(address) ? (address.includes(':') ? '::1' : '127.0.0.1') : address;
  const name = zone.name === '.' ? '.' : zone.name.slice(0, -1);
  const quoted = /^[a-z0-9_.-]+$/.test(name) ? name : `'${name.replace(/'/g, "'\\''")}'`;
  const dnssec = zone.signing === undefined ? '' : ' +dnssec';
  return `dig @${server}${port === 53 ? '' : ` -p ${port}`} ${quoted} SOA${dnssec}`;
}
