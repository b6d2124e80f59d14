#!/bin/sh
# Mails what is handed over to a person: a DS for the form of a registrar, or a reminder.
#   hook: { command: [/etc/keyturn/hooks/mail.sh, hostmaster@example.net] }
# Needs: jq, sendmail. Mail that cannot be sent is tried again.
set -eu
PATH=$PATH:/usr/sbin:/usr/lib
to=$1
input=$(cat)
[ "$(printf '%s' "$input" | jq -r .format)" = 1 ] || exit 64
# All of it before any of it is sent: half a mail would be the mail.
text=$(
  printf '%s' "$input" | jq -er --arg to "$to" '
    "To: \($to)", "Subject: keyturn: \(.topic) \(.zone)", "Content-Type: text/plain; charset=utf-8", "",
    if .topic == "reminder" then .message, (.fix // empty)
    elif .topic != "ds-wanted" then error("nothing that this program knows")
    elif .remove then "Remove all DS records of \(.zone) at its registrar."
    else "Set the DS records of \(.zone) at its registrar to exactly these:",
      (.ds[] | "  key tag \(.keyTag), algorithm \(.algorithm), digest type \(.digestType), digest \(.digest)"),
      "Where the form asks for keys instead:",
      (.dnskey[] | "  flags \(.flags), protocol \(.protocol), algorithm \(.algorithm), public key \(.publicKey)")
    end'
) || exit 64
printf '%s\n' "$text" | sendmail -t || exit 75
