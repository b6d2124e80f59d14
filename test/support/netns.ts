/**
 * A network of the test's own (Linux): a namespace with nothing but a loopback that has the addresses of the test, so
 * that servers can have port 53 and well-known addresses, and nothing can leave. It lives as long as one process.
 */
import { getuid } from 'node:process';
import { getPeer } from './peers.ts';
import { type Output, run, ServerProcess, waitUntil } from './processes.ts';

/** Who is not root may make a namespace inside of a user namespace, in which he is. */
const IS_ROOT = getuid?.() === 0;
const READY = 'network is ready';

/** A network namespace. */
export class NetNamespace {
  readonly #holder: ServerProcess;

  private constructor(holder: ServerProcess) {
    this.#holder = holder;
  }

  /** Makes a namespace whose loopback has `addresses` (IPv4 and IPv6, without prefix length). */
  static async create(addresses: readonly string[]): Promise<NetNamespace> {
    const ip = getPeer('ip');
    const rows = addresses.map((address) => {
      // nodad: an IPv6 address can be used at once, nobody else can have it here.
      return address.includes(':')
        ? `${ip} -6 addr add ${address}/128 dev lo nodad`
        : `${ip} addr add ${address}/32 dev lo`;
    });
    // A way to everywhere, which ends here: testers look for one before they begin.
    const routes = ['-4', '-6'].map((family) => `${ip} ${family} route add default dev lo`);
    const script = [
      'set -e',
      `${ip} link set lo up`,
      ...rows,
      ...routes,
      `echo ${READY}`,
      'exec sleep infinity',
    ];
    const args = [IS_ROOT ? '-n' : '-rn', 'sh', '-c', script.join('\n')];
    const holder = new ServerProcess(getPeer('unshare'), args);
    await waitUntil(() => holder.lines.includes(READY), READY, 10_000, holder);
    return new NetNamespace(holder);
  }

  /** Program and arguments that run a program inside. */
  inside(program: string, args: readonly string[]): [string, string[]] {
    const target = ['-t', `${this.#holder.pid}`, '-n', ...(IS_ROOT ? [] : ['-U', '--preserve-credentials'])];
    return [getPeer('nsenter'), [...target, program, ...args]];
  }

  /** Runs a program inside to its end (at most `withinMs`). */
  run(program: string, args: readonly string[], withinMs?: number): Promise<Output> {
    return run(...this.inside(program, args), withinMs);
  }

  /** Ends it; what still runs inside keeps it until it ends too. */
  async remove(): Promise<void> {
    await this.#holder.stop('SIGKILL');
  }
}
