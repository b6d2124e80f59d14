/** Records that vouch for a zone (RFC 9615), in presentation form. */

/** CDS (or DS) RDATA as text. */
export function cdsText(rdata: Uint8Array): string {
  return `${headText(rdata)} ${Buffer.from(rdata.subarray(4)).toString('hex')}`;
}

/** CDNSKEY RDATA as text. */
export function cdnskeyText(rdata: Uint8Array): string {
  return `${headText(rdata)} ${Buffer.from(rdata.subarray(4)).toString('base64')}`;
}

/** One number of two octets, two of one. */
function headText(rdata: Uint8Array): string {
  return `${(rdata[0]! << 8) | rdata[1]!} ${rdata[2]} ${rdata[3]}`;
}
