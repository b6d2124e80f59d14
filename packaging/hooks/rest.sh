#!/bin/sh
# Puts the DS to a registrar with a REST interface like that of deSEC: PUT URL/ZONE/DS with {"records": [...]}.
#   hook: { command: [/etc/keyturn/hooks/rest.sh, https://registrar.example/api/domains, TOKEN-FILE] }
# Needs: jq, curl. The token is not among the arguments of a process, where others could read it.
set -eu
url=$1 token=$2
input=$(cat)
[ "$(printf '%s' "$input" | jq -r '.format, .topic' | tr '\n' ' ')" = '1 ds-wanted ' ] || exit 64
zone=$(printf '%s' "$input" | jq -er '.zone | rtrimstr(".") | @uri')
body=$(printf '%s' "$input" | jq -ec '{records: [.ds[] | "\(.keyTag) \(.algorithm) \(.digestType) \(.digest)"]}')
# A file that cannot be read now may be there later.
secret=$(cat "$token") || exit 75
status=$(
  printf 'header = "Authorization: Token %s"\n' "$secret" |
    curl --config - --silent --show-error --max-time 20 --output /dev/null --write-out '%{http_code}' \
      --request PUT --header 'Content-Type: application/json' --data "$body" "$url/$zone/DS"
) || exit 75
echo "HTTP $status"
case $status in
  2??) exit 0 ;;
  408 | 425 | 429 | 5??) exit 75 ;;
esac
exit 1
