#!/bin/sh
# Mails what is handed over to a person: a DS for the form of a registrar, or a reminder.
#   hook: { command: [/etc/keyturn/hooks/mail.sh, hostmaster@example.net] }
# Needs: jq, sendmail. Mail that cannot be sent is tried again.
set -eu
to=$1
input=$(cat)
{
  printf 'To: %s\nContent-Type: text/plain; charset=utf-8\n' "$to"
  printf '%s' "$input" | jq -r '"Subject: keyturn: \(.topic) \(.zone)\n"'
  printf '%s' "$input" | jq -r '
    if .topic == "reminder" then .message, (.fix // empty)
    elif .remove then "Remove all DS records of \(.zone) at its registrar."
    else "Set the DS records of \(.zone) at its registrar to exactly these:",
      (.ds[] | "  key tag \(.keyTag), algorithm \(.algorithm), digest type \(.digestType), digest \(.digest)"),
      "Where the form asks for keys instead:",
      (.dnskey[] | "  flags \(.flags), protocol \(.protocol), algorithm \(.algorithm), public key \(.publicKey)")
    end'
} | "${SENDMAIL:-/usr/sbin/sendmail}" -t || exit 75
