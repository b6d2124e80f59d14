#!/bin/sh
# Hands the DS to the parent with nsupdate, for parents whose key is no TSIG key of Keyturn's own update channel.
#   hook: { command: [/etc/keyturn/hooks/nsupdate.sh, SERVER, PORT, PARENT-ZONE, KEYFILE] }
# Needs: jq, nsupdate (bind9-dnsutils). Exit 0: handed over; 75: try again; else: not by this program.
set -eu
server=$1 port=$2 parent=$3 key=$4
input=$(cat)
[ "$(printf '%s' "$input" | jq -r '.format, .topic' | tr '\n' ' ')" = '1 ds-wanted ' ] || exit 64
zone=$(printf '%s' "$input" | jq -er .zone)
commands=$(
  printf 'server %s %s\nzone %s\nprereq yxrrset %s NS\nupdate delete %s DS\n' "$server" "$port" "$parent" "$zone" "$zone"
  printf '%s' "$input" |
    jq -r '.zone as $z | .ds[] | "update add \($z) 3600 DS \(.keyTag) \(.algorithm) \(.digestType) \(.digest)"'
  echo send
)
if said=$(printf '%s\n' "$commands" | nsupdate -v -k "$key" 2>&1); then exit 0; fi
printf '%s\n' "$said"
case $said in
  *REFUSED* | *NOTAUTH* | *NOTZONE* | *NXRRSET* | *BADKEY* | *BADSIG*) exit 1 ;;
esac
exit 75
