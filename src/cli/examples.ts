/** Examples of commands, as `--help`, man pages and the reference show them. Each is tried by a test. */

export interface Example {
  readonly line: string;
  readonly meaning: string;
}

const example = (line: string, meaning: string): Example => ({ line, meaning });

/** By the words of the command. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  serve: [
    example('keyturn serve', 'serve zones/ with keys/ on 127.0.0.1 port 5300'),
    example(
      'keyturn serve --config keyturn.yaml --listen 192.0.2.1:53',
      'another address than the file says',
    ),
  ],
  status: [example('keyturn status', 'what the server does, and what waits for you')],
  ds: [
    example('keyturn ds example.com', 'the DS records for the registrar, one a line'),
    example('keyturn ds example.com --format fields', 'the same, as fields of a form'),
    example(
      'keyturn ds example.com --format form',
      'all that forms ask for, and what to delete at the parent',
    ),
  ],
  'zone list': [example('keyturn zone list --json', 'for programs')],
  'zone show': [example('keyturn zone show example.com', 'file, keys, and what is waited for')],
  'zone check': [
    example(
      'keyturn zone check zones/example.com.zone',
      'all errors and warnings; exit code 1 if there are errors',
    ),
    example('keyturn zone check --origin example.com draft.txt', 'a file that is not named after its zone'),
  ],
  'zone reload': [
    example('keyturn zone reload example.com', 'load the file now, and wait for the outcome'),
    example('keyturn zone reload', 'all zones'),
    example('keyturn zone reload example.com --dry-run', 'what it would change'),
  ],
  'zone diff': [
    example('keyturn zone diff example.com', 'exit code 0 if the file is what is served, 7 if not'),
    example('keyturn zone diff example.com --file draft.zone', 'a file that is not in place yet'),
  ],
  'zone export': [
    example('keyturn zone export example.com --signed', 'every record as served, with its signatures'),
    example('keyturn zone export example.com --signed --zonemd', 'with the digest of it all'),
  ],
  'zone forget': [
    example('keyturn zone forget gone.example', 'its file was removed on purpose, so serve it no longer'),
    example(
      'keyturn zone forget gone.example --force-orphan "the domain was sold"',
      'although its parent has a DS of it',
    ),
  ],
  'zone sign': [
    example('keyturn zone sign example.com', 'sign a zone that is served unsigned'),
    example('keyturn zone sign example.com --new-keys', 'and never with the keys that it had before'),
  ],
  'zone unsign': [
    example('keyturn zone unsign example.com', 'go insecure: the DS first, then the signatures'),
    example(
      'keyturn zone unsign example.com --force-unsafe "all keys are stolen" --dry-run',
      'the last resort: what it would break, and for how long',
    ),
  ],
  'parent show': [example('keyturn parent show example.com', 'which DS each server of the parent has')],
  'parent preflight': [
    example('keyturn parent preflight example.com', 'would the parent take the first DS by itself?'),
  ],
  'parent look': [example('keyturn parent look example.com', 'ask them now, after the registrar was told')],
  'children list': [
    example(
      'keyturn children list example.com',
      'who has a DS by its own wish, and whose wish is not followed',
    ),
  ],
  'children show': [
    example('keyturn children show example.com shop.example.com', 'why is its DS not changed?'),
  ],
  'children scan': [example('keyturn children scan example.com shop.example.com', 'ask it now')],
  'children forget': [
    example(
      'keyturn children forget example.com shop.example.com',
      'the zone file says again which DS it has',
    ),
  ],
  'handover list': [
    example('keyturn handover list', 'which DS records and reminders wait, and which are dead'),
  ],
  'handover retry': [example('keyturn handover retry example.com', 'now, after the channel was mended')],
  'handover drop': [example('keyturn handover drop example.com', 'the registrar was told by hand')],
  diagnose: [
    example(
      'keyturn diagnose example.com',
      'what is wrong with it, and what to do; exit code 1 if something is',
    ),
  ],
  'key list': [example('keyturn key list example.com', 'states of all keys, since when and until when')],
  'key show': [
    example('keyturn key show example.com --key 54321', 'one key: times and their reasons, DNSKEY and DS'),
  ],
  'key import': [
    example(
      'keyturn key import example.com /etc/bind/keys --dry-run',
      'whether all that is served would stay covered',
    ),
    example(
      'keyturn key import example.com a-ksk.pem b-zsk.pem --roles ksk,zsk',
      'PEM files, in the order of their names',
    ),
  ],
  'key export': [
    example('keyturn key export example.com --to keys-for-bind --private', 'for named or dnssec-signzone'),
  ],
  'key generate': [
    example('keyturn key generate example.com --to new-keys --role ksk', 'like dnssec-keygen -f KSK'),
  ],
  'rollover start': [
    example(
      'keyturn rollover start example.com --type ksk --dry-run',
      'what it would do, and whether it is refused',
    ),
    example('keyturn rollover start example.com --type ksk', 'start it'),
    example('keyturn rollover start example.com --type algorithm --to ED25519', 'another algorithm'),
    example('keyturn rollover start --all --type zsk --spread 24h', 'all zones, begun over a day, as a job'),
  ],
  'rollover status': [
    example('keyturn rollover status example.com', 'what is waited for, until when, and who must act'),
    example('keyturn rollover status example.com --wait --timeout 2h', 'until you must act, or it is over'),
  ],
  'rollover confirm-ds': [
    example(
      'keyturn rollover confirm-ds example.com --seen 54321',
      'every server of the parent has the new DS',
    ),
    example('keyturn rollover confirm-ds example.com --gone 12345', 'none of them has the old DS any longer'),
    example(
      'keyturn rollover confirm-ds example.com --seen 54321 --gone 12345',
      'both, for a DS that was replaced',
    ),
  ],
  'rollover pause': [example('keyturn rollover pause example.com', 'while somebody looks at what is wrong')],
  'rollover resume': [example('keyturn rollover resume example.com', 'go on where it stopped')],
  'rollover list': [example('keyturn rollover list', 'all that run, and what they wait for')],
  'rollover cancel': [example('keyturn rollover cancel example.com', 'turn back, as safely as it went')],
  'rollover plan': [
    example(
      'keyturn rollover plan example.com --days 90',
      'the dated future, as far as the clock decides it',
    ),
    example('keyturn rollover plan example.com --parent-delay 2d', 'with a parent that takes two days'),
  ],
  'rollover history': [example('keyturn rollover history example.com', 'what happened to the keys, and why')],
  'job start': [
    example(
      'keyturn job start --match "*.example" --type zsk --dry-run',
      'of which zones, and which are left out',
    ),
    example('keyturn job start --all --type zsk --max-parallel 50', 'at most 50 rollovers at once'),
  ],
  'job list': [example('keyturn job list', 'all, with their counts')],
  'job show': [example('keyturn job show 5f3a9c1e', 'zones that run, zones that failed and why')],
  'job cancel': [example('keyturn job cancel 5f3a9c1e', 'begin no other zone of the job')],
  timeline: [
    example('keyturn timeline example.com', 'keys, DS and waits in time, as wide as the terminal'),
    example('keyturn timeline example.com --days 90 --svg keys.svg', 'the same as a picture for a browser'),
  ],
  'policy show': [
    example('keyturn policy show default', 'every value, what it means, how long rollovers take'),
  ],
  'policy check': [
    example('keyturn policy check', 'the policies of the server, and the zones that follow them'),
    example('keyturn policy check --config keyturn.yaml', 'those of a file; exit code 1 if one cannot be'),
  ],
  'policy simulate': [
    example('keyturn policy simulate example.com', 'the next 400 days of a zone'),
    example(
      'keyturn policy simulate default --set lifetime.zsk=30d',
      'a new zone, if ZSKs lived for 30 days',
    ),
  ],
  explain: [
    example('keyturn explain ZONE_CNAME_AND_OTHER', 'what a code means, and what to do'),
    example('keyturn explain', 'all codes'),
  ],
  health: [example('keyturn health', 'exit code 0 if nothing needs a person, 1 if something does')],
  events: [
    example('keyturn events --zone example.com', 'what happened to a zone lately'),
    example('keyturn events --follow --json', 'what happens, a JSON object a line'),
  ],
  'log level': [example('keyturn log level debug --for 10m', 'log more for ten minutes')],
  'config check': [example('keyturn config check keyturn.yaml', 'exit code 1 if it has errors')],
  'config show': [example('keyturn config show keyturn.yaml', 'every value, with its line or "default"')],
  'config schema': [example('keyturn config schema > keyturn.schema.json', 'for editors that know YAML')],
  query: [
    example('keyturn query example.com SOA --dnssec', 'ask the server that runs here'),
    example('keyturn query example.com DS @192.0.2.1', 'ask another server, on port 53'),
    example('keyturn query no.example.com --dnssec', 'what proves that there is no such name'),
    example('keyturn query example.com --cookie --nsid', 'a cookie of the server, and its id'),
    example(
      'keyturn query example.com @192.0.2.1 --tls-host ns.example.net',
      'over TLS, if it is who it should be',
    ),
  ],
  'clock confirm': [example('keyturn clock confirm', 'the clock was set forward on purpose')],
  help: [example('keyturn help rollover start', 'the same as keyturn rollover start --help')],
  completion: [
    example('source <(keyturn completion bash)', 'completion in this bash'),
    example('keyturn completion zsh > /usr/local/share/zsh/site-functions/_keyturn', 'in every zsh'),
    example('keyturn completion fish > ~/.config/fish/completions/keyturn.fish', 'in every fish'),
  ],
};
