/** The example hooks of packaging/hooks, run as the server runs them: what they hand over, and which end they report. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Hooks } from '../../src/daemon/hook.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';

const FOLDER = join(ROOT_FOLDER, 'packaging/hooks');
const DS = { keyTag: 12_345, algorithm: 13, digestType: 2, digest: 'AB'.repeat(32) };
const WANTED = {
  ...{ format: 1, id: '3f0c', topic: 'ds-wanted', zone: 'child.test.', at: '2026-11-28T12:00:00Z', try: 1 },
  ...{ remove: false, ds: [DS], dnskey: [{ flags: 257, protocol: 3, algorithm: 13, publicKey: 'a+b/' }] },
};
const REMOVAL = { ...WANTED, remove: true, ds: [], dnskey: [] };
const REMINDER = {
  ...{ format: 1, id: '3f0d', topic: 'reminder', zone: 'child.test.', at: '2026-11-28T12:00:00Z', try: 1 },
  ...{
    message: 'the parent still has the old DS',
    code: 'PARENT_LATE',
    level: 'warning',
    fix: 'tell the registrar',
  },
};

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

describeWithPeers(['jq', 'curl'], 'rest.sh', () => {
  interface Put {
    readonly method: string | undefined;
    readonly url: string | undefined;
    readonly token: string | undefined;
    readonly body: unknown;
  }

  /** A registrar that answers with these statuses, one after the other. */
  async function registrar(...statuses: number[]) {
    const puts: Put[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => {
        text += part.toString();
      });
      request.on('end', () => {
        const { method, url, headers } = request;
        puts.push({ method, url, token: headers.authorization, body: JSON.parse(text) });
        response.writeHead(statuses.shift() ?? 500).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const close = () => new Promise((resolve) => server.close(resolve));
    return { puts, url: `http://127.0.0.1:${port}/domains`, close };
  }

  const put = (url: string, input: unknown, token = place.at('token')) => {
    writeFileSync(place.at('token'), 'secret-token\n');
    return new Hooks().run(
      { command: [join(FOLDER, 'rest.sh'), url, token], timeout: 30 },
      JSON.stringify(input),
    );
  };

  it('puts the DS, or none, with the token', async () => {
    const { puts, url, close } = await registrar(200, 204);
    expect(await put(url, WANTED)).toEqual({ kind: 'done', text: 'exit 0: HTTP 200' });
    expect(await put(url, REMOVAL)).toEqual({ kind: 'done', text: 'exit 0: HTTP 204' });
    const record = `12345 13 2 ${DS.digest}`;
    const same = { method: 'PUT', url: '/domains/child.test/DS', token: 'Token secret-token' };
    expect(puts).toEqual([
      { ...same, body: { records: [record] } },
      { ...same, body: { records: [] } },
    ]);
    await close();
  });

  it('tells what may go later from what will not', async () => {
    const { puts, url, close } = await registrar(503, 429, 401, 302);
    expect(await put(url, WANTED)).toMatchObject({ kind: 'retry', text: 'exit 75: HTTP 503' });
    expect(await put(url, WANTED)).toMatchObject({ kind: 'retry', text: 'exit 75: HTTP 429' });
    expect(await put(url, WANTED)).toMatchObject({ kind: 'failed', text: 'exit 1: HTTP 401' });
    expect(await put(url, WANTED)).toMatchObject({ kind: 'failed', text: 'exit 1: HTTP 302' });
    await close();
    expect(await put(url, WANTED), 'nobody listens').toMatchObject({ kind: 'retry' });
    expect(await put(url, WANTED, place.at('no-token'))).toMatchObject({ kind: 'retry' });
    expect(await put(url, REMINDER), 'it is no way to remind').toMatchObject({
      kind: 'failed',
      text: 'exit 64',
    });
    expect(await put(url, { ...WANTED, format: 2 })).toMatchObject({ kind: 'failed', text: 'exit 64' });
    expect(puts).toHaveLength(4);
  });

  it('writes a zone as a part of a path, whatever is in its name', async () => {
    const { puts, url, close } = await registrar(200);
    await put(url, { ...WANTED, zone: 'a\\.b/..?.test.' });
    expect(puts[0]!.url).toBe('/domains/a%5C.b%2F..%3F.test/DS');
    await close();
  });
});

describeWithPeers(['jq'], 'mail.sh', () => {
  /** Runs it with a `sendmail` that keeps what it reads, and ends with a status. */
  function mail(input: unknown, status = 0) {
    const folder = place.at('bin');
    mkdirSync(folder, { recursive: true });
    const text = `#!/bin/sh\ncat > "${place.path}/mail"\necho "$*" > "${place.path}/arguments"\nexit ${status}\n`;
    writeFileSync(join(folder, 'sendmail'), text, { mode: 0o755 });
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    const given = typeof input === 'string' ? input : JSON.stringify(input);
    return spawnSync(join(FOLDER, 'mail.sh'), ['desk@example.net'], { input: given, env, timeout: 20_000 })
      .status;
  }
  const sent = () => readFileSync(place.at('mail'), 'utf8').split('\n\n');

  it('mails a DS in the words of a form', () => {
    expect(mail(WANTED)).toBe(0);
    expect(readFileSync(place.at('arguments'), 'utf8')).toBe('-t\n');
    const [head, body] = sent();
    expect(head).toBe(
      'To: desk@example.net\nSubject: keyturn: ds-wanted child.test.\nContent-Type: text/plain; charset=utf-8',
    );
    expect(body).toContain(`key tag 12345, algorithm 13, digest type 2, digest ${DS.digest}`);
    expect(body).toContain('flags 257, protocol 3, algorithm 13, public key a+b/');
  });

  it('mails a removal, and reminders', () => {
    expect(mail(REMOVAL)).toBe(0);
    expect(sent()[1]).toBe('Remove all DS records of child.test. at its registrar.\n');
    expect(mail(REMINDER)).toBe(0);
    expect(sent()[1]).toBe('the parent still has the old DS\ntell the registrar\n');
  });

  it('is tried again if the mail cannot be sent, and sends nothing that it does not know', () => {
    expect(mail(WANTED, 1)).toBe(75);
    for (const input of ['', 'no JSON', { ...WANTED, topic: 'other' }]) {
      writeFileSync(place.at('mail'), 'untouched');
      expect(mail(input), JSON.stringify(input)).toBe(64);
      expect(sent()).toEqual(['untouched']);
    }
  });
});

describeWithPeers(['shellcheck'], 'shell scripts of packages', () => {
  it('have nothing that shellcheck objects to', () => {
    const scripts = readdirSync(FOLDER).filter((name) => name.endsWith('.sh'));
    expect(scripts).toHaveLength(3);
    const { stdout, status } = spawnSync(getPeer('shellcheck'), scripts, { cwd: FOLDER, encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });
});
