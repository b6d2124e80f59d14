import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimKeys, LOCK_NAME, prepareSocket, SocketError } from '../../../src/control/socket.ts';
import { Workplace } from '../../support/processes.ts';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'ok';
  } catch (error) {
    return error instanceof SocketError ? error.code : `unexpected: ${error}`;
  }
}

/** A socket file that a killed process left. */
async function leaveStale(file: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(file)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(fs.lstatSync(file).isSocket()).toBe(true);
}

describe('claims on keys', () => {
  it('are for one process at a time', async () => {
    const first = await claimKeys(place.path);
    expect(await codeOf(claimKeys(place.path))).toBe('SOCKET_IN_USE');
    await first.release();
    const second = await claimKeys(place.path);
    await second.release();
  });

  it('do not outlive a process that was killed', async () => {
    await leaveStale(place.at(LOCK_NAME));
    const claim = await claimKeys(place.path);
    expect(await codeOf(claimKeys(place.path))).toBe('SOCKET_IN_USE');
    await claim.release();
  });

  it('close the directory to others', async () => {
    fs.chmodSync(place.path, 0o755);
    const claim = await claimKeys(place.path);
    expect(fs.statSync(place.path).mode & 0o777).toBe(0o700);
    expect(fs.statSync(place.at(LOCK_NAME)).mode & 0o777).toBe(0o600);
    await claim.release();
  });
});

describe('places for sockets', () => {
  it('are made, and cleared of what nobody listens on', async () => {
    const file = place.at('run', 'control.sock');
    await prepareSocket(file);
    expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    await leaveStale(file);
    await prepareSocket(file);
    expect(fs.existsSync(file)).toBe(false);
  });

  it('are refused where a file or a listener is, and left alone', async () => {
    const file = place.at('control.sock');
    fs.writeFileSync(file, 'precious');
    expect(await codeOf(prepareSocket(file))).toBe('SOCKET_PATH');
    expect(fs.readFileSync(file, 'utf8')).toBe('precious');
    fs.rmSync(file);
    const server = net.createServer().listen(file);
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await codeOf(prepareSocket(file))).toBe('SOCKET_IN_USE');
    expect(fs.existsSync(file)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });

  it('have a bound on their length, which is told', async () => {
    expect(await codeOf(prepareSocket(place.at('x'.repeat(120))))).toBe('SOCKET_PATH');
  });
});
