/** What the keys of a configuration file mean, for its schema. */

export const CONFIG_MEANINGS: ReadonlyMap<string, string> = new Map([
  [
    'listen',
    'addresses and ports for UDP and TCP, like 192.0.2.1:53 or [2001:db8::1]:53; default 127.0.0.1:5300',
  ],
  [
    'zonesDirectory',
    'directory of zone files; relative to this file; default: zones in the working directory',
  ],
  ['keysDirectory', 'directory of keys and their states; relative to this file; default: keys'],
  ['control', 'control socket; relative to this file; default: control.sock in the keys directory'],
  ['workers', 'UDP threads; more than one needs batched UDP; default 1'],
  ['udp', 'how UDP is received: batched takes many datagrams in a system call; default auto'],
  ['unsigned', 'serve without signatures and make no keys; default false'],
  ['logLevel', 'how much is logged; default info'],
  ['maxZoneFileOctets', 'a longer zone file is not loaded; default 2 GiB'],
  [
    'policies',
    'how keys are made and replaced, by the name of the policy; "default" is that of all other zones',
  ],
  ['zones', 'what is special about zones, by name: the policy that they follow'],
]);
