/**
 * Keys, DS records and signatures printed in RFCs: RFC 6605 §6.1 and §6.2 (ECDSA), RFC 8080 §6.1 (Ed25519),
 * RFC 4034 §5.4 with RFC 4509 §2.3 (DS of an RSA key).
 */

/** A key that signed one RRset, as the RFC prints it. Times are seconds since 1970. */
export interface SignatureVector {
  readonly source: string;
  readonly algorithm: number;
  readonly zone: string;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly keyTag: number;
  readonly digestType: 2 | 4;
  readonly ds: string;
  readonly owner: string;
  readonly type: number;
  /** RDATA in hex. */
  readonly rdata: string;
  readonly expiration: number;
  readonly inception: number;
  readonly signature: string;
}

const MX = '000a046d61696c076578616d706c6503636f6d00';

export const SIGNATURE_VECTORS: readonly SignatureVector[] = [
  {
    source: 'RFC 6605 §6.1',
    algorithm: 13,
    zone: 'example.net.',
    privateKey: 'GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=',
    publicKey: 'GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==',
    keyTag: 55648,
    digestType: 2,
    ds: 'b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17',
    owner: 'www.example.net.',
    type: 1,
    rdata: 'c0000201',
    expiration: Date.UTC(2010, 8, 9, 10, 4, 39) / 1000,
    inception: Date.UTC(2010, 7, 12, 10, 4, 39) / 1000,
    signature: 'qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==',
  },
  {
    source: 'RFC 6605 §6.2',
    algorithm: 14,
    zone: 'example.net.',
    privateKey: 'WURgWHCcYIYUPWgeLmiPY2DJJk02vgrmTfitxgqcL4vwW7BOrbawVmVe0d9V94SR',
    publicKey:
      'xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40',
    keyTag: 10771,
    digestType: 4,
    ds: '72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6',
    owner: 'www.example.net.',
    type: 1,
    rdata: 'c0000201',
    expiration: Date.UTC(2010, 8, 9, 10, 20, 25) / 1000,
    inception: Date.UTC(2010, 7, 12, 10, 20, 25) / 1000,
    signature:
      '/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm',
  },
  {
    source: 'RFC 8080 §6.1, first',
    algorithm: 15,
    zone: 'example.com.',
    privateKey: 'ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=',
    publicKey: 'l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=',
    keyTag: 3613,
    digestType: 2,
    ds: '3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b',
    owner: 'example.com.',
    type: 15,
    rdata: MX,
    expiration: 1440021600,
    inception: 1438207200,
    signature: 'oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==',
  },
  {
    source: 'RFC 8080 §6.1, second',
    algorithm: 15,
    zone: 'example.com.',
    privateKey: 'DSSF3o0s0f+ElWzj9E/Osxw8hLpk55chkmx0LYN5WiY=',
    publicKey: 'zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=',
    keyTag: 35217,
    digestType: 2,
    ds: '401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c',
    owner: 'example.com.',
    type: 15,
    rdata: MX,
    expiration: 1440021600,
    inception: 1438207200,
    signature: 'zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg==',
  },
];

/** RFC 4034 §5.4: `dskey.example.com. DNSKEY 256 3 5`; its DS with SHA-256 is in RFC 4509 §2.3. */
export const RSA_DS_VECTOR = {
  owner: 'dskey.example.com.',
  publicKey:
    'AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==',
  keyTag: 60485,
  sha256: 'd4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a',
} as const;
