/**
 * The C library's socket calls through koffi: the only door to it. Linux on x64 and arm64 with glibc, whose constants and
 * struct layouts (LP64, little-endian) stand here and in `batch`; elsewhere `loadLibc` says why there is no door.
 */
import { createRequire } from 'node:module';
import { constants } from 'node:os';

/** A pointer into memory that does not move. */
export type Pointer = bigint;

/** The calls that sockets need beyond what Node offers. They return -1 on failure; `errno` then tells why. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, octets: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, octets: Uint8Array): number;
  bind(fd: number, address: Uint8Array, octets: number): number;
  connect(fd: number, address: Uint8Array, octets: number): number;
  getsockname(fd: number, address: Uint8Array, octets: Uint8Array): number;
  recvmmsg(fd: number, headers: Pointer, count: number, flags: number, timeout: null): number;
  sendmmsg(fd: number, headers: Pointer, count: number, flags: number): number;
  poll(fds: Uint8Array, count: number, timeoutMs: number): number;
  sendto(
    fd: number,
    octets: Uint8Array,
    count: number,
    flags: number,
    to: Uint8Array,
    toOctets: number,
  ): number;
  usleep(microseconds: number): number;
  /** Fills in struct timespec: seconds and nanoseconds, 8 octets each. */
  clock_gettime(clock: number, time: BigInt64Array): number;
  madvise(from: Pointer, octets: number, advice: number): number;
  dup(fd: number): number;
  close(fd: number): number;
  /** Tunes the allocator of the process; 1 if it took the value. */
  mallopt(parameter: number, value: number): number;
  /** Gives free memory of the allocator back to the system, all but `keep` octets at its end; 1 if there was any. */
  malloc_trim(keep: number): number;
  errno(): number;
  /** Where octets lie, of memory that does not move: that of a SharedArrayBuffer. */
  addressOf(octets: Uint8Array): Pointer;
  /** Memory of the process, zeroed, never given back: made once by each thread. */
  map(octets: number): { readonly address: Pointer; readonly buffer: ArrayBuffer };
}

export const AF = { UNIX: 1, INET: 2, INET6: 10 } as const;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_CLOEXEC = 0x80000;
export const SOL = { IP: 0, SOCKET: 1, UDP: 17, IPV6: 41 } as const;
export const SO = {
  REUSEADDR: 2,
  TYPE: 3,
  SNDBUF: 7,
  RCVBUF: 8,
  REUSEPORT: 15,
  RCVTIMEO: 20,
  ATTACH_FILTER: 26,
  DETACH_FILTER: 27,
  ATTACH_REUSEPORT_CBPF: 51,
} as const;
export const IP_PKTINFO = 8;
/** Length of the datagrams that a message is cut into. */
export const UDP_SEGMENT = 103;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const MSG = { DONTWAIT: 0x40, WAITFORONE: 0x10000 } as const;
export const POLLIN = 1;
export const CLOCK_THREAD_CPUTIME_ID = 3;

const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 0x22;

/** Loads the C library, or says in a few words why batched UDP cannot be had. */
export function loadLibc(): Libc | string {
  if (process.platform !== 'linux') return `the system is ${process.platform}, not Linux`;
  if (process.arch !== 'x64' && process.arch !== 'arm64') return `the processor is ${process.arch}`;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    return bindCalls(koffi);
  } catch (error) {
    return `koffi or glibc cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function bindCalls(koffi: typeof import('koffi')): Libc {
  const library = koffi.load('libc.so.6');
  const memmove = library.func('void* memmove(void*, void*, size_t)');
  const mmap = library.func('void* mmap(void*, size_t, int, int, int, int64)');
  return {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, void*, uint)'),
    getsockopt: library.func('int getsockopt(int, int, int, void*, void*)'),
    bind: library.func('int bind(int, void*, uint)'),
    connect: library.func('int connect(int, void*, uint)'),
    getsockname: library.func('int getsockname(int, void*, void*)'),
    recvmmsg: library.func('int recvmmsg(int, void*, uint, int, void*)'),
    sendmmsg: library.func('int sendmmsg(int, void*, uint, int)'),
    poll: library.func('int poll(void*, ulong, int)'),
    sendto: library.func('int64 sendto(int, void*, size_t, int, void*, uint)'),
    usleep: library.func('int usleep(uint)'),
    clock_gettime: library.func('int clock_gettime(int, void*)'),
    madvise: library.func('int madvise(void*, size_t, int)'),
    dup: library.func('int dup(int)'),
    close: library.func('int close(int)'),
    mallopt: library.func('int mallopt(int, int)'),
    malloc_trim: library.func('int malloc_trim(size_t)'),
    errno: () => koffi.errno(),
    // It moves nothing, and returns where it would have.
    addressOf: (octets) => koffi.address(memmove(octets, octets, 0)),
    map: (octets) => {
      const memory = mmap(null, octets, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
      return { address: koffi.address(memory), buffer: koffi.view(memory, octets) };
    },
  };
}

/** The system's word for an error number: `EADDRINUSE`. */
export function errorName(errno: number): string {
  const names = Object.entries(constants.errno);
  return names.find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
}
