/** What a service manager does with us, without one: sockets that are handed over, notification, another user. */
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadLibc } from '../../src/transport/libc.ts';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { CLI, foldersOf } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { freePort, ServerProcess, Workplace, waitUntil } from '../support/processes.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { answers } from '../support/unbound.ts';

const NOBODY = 65_534;
const isBatched = typeof loadLibc() === 'object';
const isRoot = process.getuid?.() === 0;

/** Binds sockets and starts the server with them as descriptors 3 and on, as systemd does; again whenever it has ended. */
const LAUNCHER = `
import os, signal, socket, subprocess, sys
kinds = sys.argv[1].split(',')
for i, kind in enumerate(kinds):
    name, transport, port = kind.split('/')
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if transport == 'udp' else socket.SOCK_STREAM)
    s.bind(('127.0.0.1', int(port)))
    if transport == 'tcp': s.listen(100)
    os.dup2(s.fileno(), 100 + i)
def become():
    for i in range(len(kinds)): os.dup2(100 + i, 3 + i)
    names = ':'.join(k.split('/')[0] for k in kinds)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(kinds)), LISTEN_FDNAMES=names)
    os.execv(sys.argv[2], sys.argv[2:])
isEnding = False
def end(*_):
    global isEnding
    isEnding = True
    os.kill(child, signal.SIGTERM)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGHUP, lambda *_: os.kill(child, signal.SIGTERM))
while not isEnding:
    child = os.fork()
    if child == 0: become()
    status = os.waitpid(child, 0)[1]
    print('ended', os.waitstatus_to_exitcode(status), flush=True)
`;

/** Takes what is sent to a datagram socket, and prints it. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True: print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

function serveArgs(workplace: Workplace, ...more: string[]): string[] {
  const { zones, keys } = foldersOf(workplace);
  mkdirSync(zones, { recursive: true });
  writeFileSync(`${zones}/one.example.zone`, versionedZone('one.example.', 1));
  return [CLI, 'serve', '--zones', zones, '--keys', keys, ...more];
}

describeWithPeers(['dig', 'python3'], 'a service', () => {
  it.runIf(isBatched)(
    'serves the sockets that systemd bound, with several threads, and no others',
    async () => {
      const workplace = new Workplace();
      const [port, other] = [await freePort(), await freePort()];
      const args = serveArgs(workplace, '--workers', '2', '--listen', `127.0.0.1:${other}`);
      const server = new ServerProcess(getPeer('python3'), [
        ...['-c', LAUNCHER, `dns/udp/${port},dns/tcp/${port}`, process.execPath, ...args],
      ]);
      await waitUntil(() => answers(port), 'an answer', 30_000, server);
      for (const transport of ['+notcp', '+tcp']) {
        for (let i = 0; i < 20; i++) {
          expect((await dig(port, 'one.example.', 'SOA', transport)).status).toBe('NOERROR');
        }
      }
      expect(await answers(other)).toBe(false);
      // The sockets stay open over a restart: what comes meanwhile waits for the next process.
      const load = new SteadyLoad(port, { name: nameOf('one.example.'), type: RRTYPE.SOA }, 20_000);
      await load.start(50, 5);
      server.signal('SIGHUP');
      await waitUntil(() => server.lines.includes('ended 0'), 'the restart', 20_000, server);
      await waitUntil(() => answers(port), 'an answer', 30_000, server);
      const { udp, udpLost, tcpLost } = await load.stop();
      expect(udp).toBeGreaterThan(10);
      expect({ udpLost, tcpLost }).toEqual({ udpLost: 0, tcpLost: 0 });
      expect(await server.stop()).toMatchObject({ code: 0 });
      workplace.remove();
    },
  );

  it.runIf(isBatched)(
    'tells the service manager that it is ready, alive, reloading and stopping',
    async () => {
      const workplace = new Workplace();
      const path = workplace.at('notify.sock');
      const listener = new ServerProcess(getPeer('python3'), ['-c', LISTENER, path]);
      await waitUntil(() => existsSync(path), 'a socket', 10_000, listener);
      const port = await freePort();
      const args = serveArgs(workplace, '--listen', `127.0.0.1:${port}`);
      const environment = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '600000' };
      const server = new ServerProcess(process.execPath, args, environment);
      const told = (pattern: RegExp) =>
        waitUntil(() => listener.lines.some((line) => pattern.test(line)), `${pattern}`, 20_000, listener);
      await told(/^READY=1 STATUS=serving 1 zone/);
      await told(/^WATCHDOG=1/);
      server.signal('SIGHUP');
      await told(/^RELOADING=1 MONOTONIC_USEC=\d+/);
      await told(/^READY=1$/);
      await server.stop();
      await told(/^STOPPING=1/);
      await listener.stop('SIGKILL');
      workplace.remove();
    },
  );

  it.runIf(isBatched && isRoot)(
    'binds as root, then becomes another user before it reads or writes',
    async () => {
      const workplace = new Workplace();
      chownSync(workplace.path, NOBODY, NOBODY);
      const port = await freePort();
      const configuration = workplace.at('keyturn.yaml');
      writeFileSync(configuration, `user: nobody\nlisten: ["127.0.0.1:${port}"]\nworkers: 2\n`);
      const server = new ServerProcess(process.execPath, serveArgs(workplace, '--config', configuration));
      await waitUntil(() => answers(port), 'an answer', 30_000, server);
      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
      expect(status).toMatch(/^Groups:\s*65534\s*$/m);
      expect(status).toMatch(/^CapEff:\s+0+$/m);
      const { keys } = foldersOf(workplace);
      expect(statSync(`${keys}/one.example/state.json`).uid).toBe(NOBODY);
      expect((await dig(port, 'one.example.', 'SOA', '+tcp')).status).toBe('NOERROR');
      expect(await server.stop()).toMatchObject({ code: 0 });
      workplace.remove();
    },
  );

  it.runIf(isRoot)('does not start as a user that is not there', async () => {
    const workplace = new Workplace();
    const configuration = workplace.at('keyturn.yaml');
    writeFileSync(configuration, `user: no-such-user\nlisten: ["127.0.0.1:${await freePort()}"]\n`);
    const server = new ServerProcess(process.execPath, serveArgs(workplace, '--config', configuration));
    expect((await server.ended).code).not.toBe(0);
    expect(server.lines.join('\n')).toMatch(/cannot become user no-such-user/);
    expect(existsSync(foldersOf(workplace).keys)).toBe(false);
    workplace.remove();
  });
});
