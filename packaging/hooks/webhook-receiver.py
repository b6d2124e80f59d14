#!/usr/bin/env python3
"""Receives webhooks of Keyturn and prints each delivery once: how to verify their signature, with nothing but Python.

usage: webhook-receiver.py ADDRESS PORT SECRET-FILE
"""
import hashlib
import hmac
import http.server
import sys
import time

TOLERANCE_S = 300
MAX_OCTETS = 1 << 20
SECRET = open(sys.argv[3], "rb").read().strip()
SEEN = set()


def is_genuine(signature, body, now):
    """The signature covers "TIME." and the body; an old one may have been recorded and sent again."""
    try:
        fields = dict(part.split("=", 1) for part in signature.split(","))
        sent, given = int(fields["t"]), fields["v1"]
    except (KeyError, ValueError):
        return False
    wanted = hmac.new(SECRET, b"%d." % sent + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, given) and abs(now - sent) <= TOLERANCE_S


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > MAX_OCTETS:
            self.send_error(413)
            return
        body = self.rfile.read(length)
        if not is_genuine(self.headers.get("Keyturn-Signature", ""), body, time.time()):
            self.send_error(401)
            return
        # At least once: a delivery comes again if our answer to it was lost.
        delivery = self.headers.get("Keyturn-Delivery")
        if delivery not in SEEN:
            SEEN.add(delivery)
            print(body.decode(), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Receiver).serve_forever()
