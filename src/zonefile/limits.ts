/** What a master file may ask of us. A file beyond a limit is an error in that file, never a load on the server. */

export interface ZoneFileLimits {
  /** Records of the zone, those of `$GENERATE` included. */
  readonly records: number;
  /** Records that all `$GENERATE` of the zone make. */
  readonly generatedRecords: number;
  /** Octets of one token. */
  readonly tokenOctets: number;
  /** Octets of one logical record, from its first to the last of its lines. */
  readonly recordOctets: number;
  /** Octets of the file and of all that it includes, each inclusion counted. */
  readonly totalOctets: number;
  /** Files open at once through `$INCLUDE`. */
  readonly includeDepth: number;
  /** `$INCLUDE` directives that are followed. */
  readonly includes: number;
  /** Errors after which reading stops. */
  readonly errors: number;
  /** Warnings that are kept. */
  readonly warnings: number;
}

export const DEFAULT_LIMITS: ZoneFileLimits = {
  records: 20_000_000,
  generatedRecords: 1_000_000,
  tokenOctets: 262_144,
  recordOctets: 1_048_576,
  totalOctets: 2 ** 30,
  includeDepth: 8,
  includes: 1_024,
  errors: 100,
  warnings: 100,
};
