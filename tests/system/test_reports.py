"""Delivery reports: what the provider tells of a text after it has taken it. Signed as each
provider documents it; told before the answer, twice, or out of order it comes to the same; what
nobody knew is resolved by it; and it is acknowledged only when it is written down.
"""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request

from harness import BUSINESS, MailServer, ShopTest, wait_until
from provider_peer import PASSWORD, USER, ProviderPeer
from web_browser import free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready

[rule ready]
on = job enters Ready
by = sms
"""
WORDS = {"ready/en.sms": "{{job.title}} is ready",
         "ready/en.email": "Subject: Ready\n\n{{job.title}} is ready\n"}
SECRET = "another s3cret"


def sign(key, data, digest):
    return base64.b64encode(hmac.new(key.encode(), data.encode(), digest).digest()).decode()


def joined(fields):
    return "".join(f"{name}{fields[name]}" for name in sorted(fields))


def url_part(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def http(url, form=None, headers=None, body=None):
    """Ask, and return the status. `form` makes a POST; `body` one of JSON."""
    data = body if body is not None else urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(url, data, headers or {})
    if body is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


# How each provider was told where its reports go, and how it makes one, by documents of its own.


class Twilio:
    name, extra = "twilio", ""
    delivered, failed, taken = "delivered", "undelivered", "queued"

    def url(self, request):
        return urllib.parse.parse_qs(request.body.decode())["StatusCallback"][0]

    def report(self, url, status, secret=PASSWORD):
        form = {"MessageSid": "SM1", "MessageStatus": status, "To": "+37120000001", "ErrorCode": ""}
        return http(url, form, {"X-Twilio-Signature": sign(secret, url + joined(form), "sha1")})


class Plivo:
    name, extra = "plivo", ""
    delivered, failed, taken = "delivered", "rejected", "queued"

    def url(self, request):
        body = json.loads(request.body)
        assert body["method"] == "POST"
        return body["url"]

    def report(self, url, status, secret=PASSWORD):
        form = {"MessageUUID": "u1", "Status": status, "To": "37120000001"}
        signature = sign(secret, f"{url}?{joined(form)}.12345", "sha256")
        return http(url, form, {"X-Plivo-Signature-V3": f"bm8=,{signature}",
                                "X-Plivo-Signature-V3-Nonce": "12345"})


class Vonage:
    name, extra = "vonage", f"signature_secret = {SECRET}"
    delivered, failed, taken = "delivered", "expired", "accepted"

    def url(self, request):
        return urllib.parse.parse_qs(request.body.decode())["callback"][0]

    def signed(self, status, secret):
        fields = {"messageId": "A1", "status": status, "scts": "a&b=c", "err-code": "0"}
        text = "".join(f"&{name}={fields[name].replace('&', '_').replace('=', '_')}"
                       for name in sorted(fields))
        return {**fields, "sig": hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()}

    def report(self, url, status, secret=SECRET):
        return http(f"{url}?{urllib.parse.urlencode(self.signed(status, secret))}")


class VonageJson(Vonage):
    def report(self, url, status, secret=SECRET):
        return http(url, body=json.dumps(self.signed(status, secret)).encode())


class MessageBird:
    name, extra = "messagebird", f"signing_key = {SECRET}"
    delivered, failed, taken = "delivered", "delivery_failed", "buffered"

    def url(self, request):
        return json.loads(request.body)["reportUrl"]

    def report(self, url, status, secret=SECRET, way="HS256", late_s=0):
        url += "?" + urllib.parse.urlencode({"id": "b1", "status": status, "statusErrorCode": 0})
        now = int(time.time()) - late_s
        claims = {"iss": "MessageBird", "nbf": now - 5, "exp": now + 60, "jti": "1",
                  "url_hash": hashlib.sha256(url.encode()).hexdigest()}
        text = ".".join(url_part(json.dumps(part).encode())
                        for part in ({"alg": way, "typ": "JWT"}, claims))
        mac = hmac.new(secret.encode(), text.encode(), "sha256").digest()
        return http(url, headers={"MessageBird-Signature-JWT": f"{text}.{url_part(mac)}"})


class Own(Twilio):
    """A gateway of one's own: Twilio's requests, and reports in JSON signed with their time."""

    name, extra = "twilio", f"report_secret = {SECRET}"

    def report(self, url, status, secret=SECRET, late_s=0):
        body = json.dumps({"MessageSid": "SM1", "MessageStatus": status}).encode()
        stamp = str(int(time.time()) - late_s)
        mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
        return http(url, body=body, headers={"X-Timestamp": stamp, "X-Signature": mac})


PROVIDERS = (Twilio(), Plivo(), Vonage(), VonageJson(), MessageBird())


class ReportsTest(ShopTest):
    seconds = 120

    def make(self, provider=PROVIDERS[0], playbook=PLAYBOOK, extra=""):
        self.peer = self.enterContext(ProviderPeer(provider.name))
        self.port = free_port()
        self.provider = provider
        own = isinstance(provider, Own)
        shop = self.shop(conf=BUSINESS + extra + f"""
[web]
listen = 127.0.0.1:{self.port}
url = http://127.0.0.1:{self.port}/

[gateway texts]
type = sms
provider = {'own' if own else provider.name}
url = {self.peer.url}
{'' if provider.name == 'messagebird' else f'user = {USER}'}
password = {PASSWORD}
from = +37120000000
{provider.extra}
reports = yes
""", playbook=playbook, templates=WORDS)
        if own:
            text = (shop.dir / "providers/twilio.conf").read_text(encoding="utf-8")
            shop.write("providers/own.conf", text.replace(
                "signature = twilio with auth_token password", "signature = hmac with report_secret"
            ).replace("\n[may]\n", "\n[may]\nreport_secret = what signs its reports\n"))
        return shop.start()

    def job(self, shop, phone="20000900"):
        shop.sql("INSERT INTO client (name, phone, email) VALUES "
                 f"('A', '{phone}', 'a@example.com');"
                 "INSERT INTO job (client_id, stage, title) VALUES "
                 "((SELECT max(id) FROM client), 'Ready', 'The Volvo');")

    def address(self):
        """Where the provider was told to report the latest text."""
        wait_until("a request", lambda: self.peer.requests)
        return self.provider.url(self.peer.requests[-1])

    def report(self, url, status, **more):
        self.assertEqual(self.provider.report(url, status, **more), 200)


class Signed(ReportsTest):
    def test_each_providers_report_is_understood_and_moves_a_text_forward_only(self):
        for provider in PROVIDERS:
            with self.subTest(type(provider).__name__):
                shop = self.make(provider)
                self.job(shop)
                shop.wait_message(state="sent")
                url = self.address()
                self.report(url, provider.taken)
                for _ in range(2):
                    self.report(url, provider.delivered)
                    shop.wait_message(state="delivered")
                self.report(url, provider.failed)  # too late to be true
                self.report(url, provider.taken)
                self.job(shop, "20000910")  # what comes after has been looked at after them
                wait_until("two", lambda: len(self.peer.messages) == 2)
                shop.wait_absorbed()
                self.assertEqual(sorted(shop.states()), ["delivered", "sent"])
                shop.stop()

    def test_what_is_not_signed_by_the_provider_changes_nothing_and_learns_nothing(self):
        for provider in PROVIDERS:
            with self.subTest(type(provider).__name__):
                shop = self.make(provider)
                self.job(shop)
                shop.wait_message(state="sent")
                url = self.address()
                self.assertEqual(provider.report(url, provider.delivered, secret="guessed"), 404)
                self.assertEqual(http(f"{url}?status=delivered"), 404)
                self.assertEqual(http(url, {"status": "delivered", "Status": "delivered"}), 404)
                for other in (url[:-1], url + "0", url[:-32] + "0" * 32, url.replace("/1/", "/2/"),
                              url.replace("texts", "other"), url.rsplit("/", 2)[0], url + "/x"):
                    self.assertEqual(provider.report(other, provider.delivered), 404, other)
                self.assertEqual(shop.query("SELECT * FROM report"), [])
                self.assertEqual(shop.states(), {"sent": 1})
                shop.stop()

    def test_a_token_of_another_kind_or_time_is_none(self):
        shop = self.make(MessageBird())
        self.job(shop)
        shop.wait_message(state="sent")
        url = self.address()
        for more in ({"way": "none"}, {"way": "HS512"}, {"late_s": 3600}, {"late_s": -3600}):
            self.assertEqual(self.provider.report(url, "delivered", **more), 404, more)
        self.report(url, "delivered")


class Told(ReportsTest):
    def test_a_text_of_which_nobody_knew_is_resolved_by_its_report(self):
        shop = self.make()
        self.job(shop, "20000101")  # reset after the request: did it take it?
        message = shop.wait_message(state="unknown")
        self.assertIn("`betimes outbox --unknown` lists them", shop.run("status").stdout)
        url = self.address()
        self.report(url, "queued")
        shop.wait_message(state="sent")
        self.report(url, "delivered")
        shop.wait_message(state="delivered")
        self.assertEqual(len(self.peer.requests), 1)
        listed = shop.json("outbox", "--unknown")
        self.assertEqual([(m["id"], m["state"]) for m in listed], [(message["id"], "delivered")])
        why = " ".join(shop.run("why", message["id"]).stdout.split())
        self.assertIn("the provider reports that it was delivered", why)

    def test_told_before_the_answer_it_comes_to_the_same(self):
        shop = self.make()
        self.peer.may_reply.clear()
        self.job(shop)
        self.report(self.address(), "delivered")
        self.assertEqual(shop.states(), {"sending": 1})
        self.peer.may_reply.set()
        shop.wait_message(state="delivered")
        self.assertEqual(len(self.peer.messages), 1)

    def test_one_that_waits_for_another_try_does_not_go_again_once_it_has_arrived(self):
        shop = self.make(playbook=PLAYBOOK + "unknown = resend\n")
        self.job(shop, "20000101")
        shop.wait_message(state="retry")
        self.report(self.address(), "delivered")
        shop.wait_message(state="delivered")
        time.sleep(1)
        self.assertEqual(len(self.peer.requests), 1)

    def test_what_could_not_be_delivered_goes_on_to_the_rules_next_channel(self):
        server = self.enterContext(MailServer())
        shop = self.make(playbook=PLAYBOOK.replace("by = sms", "by = sms then email"),
                         extra=server.section())
        self.job(shop)
        shop.wait_message(state="sent")
        self.report(self.address(), "undelivered")
        self.assertEqual(server.received(1)[0].subject, "Ready")
        self.assertEqual(shop.message(channel="sms")["state"], "bounced")

    def test_it_is_acknowledged_only_when_it_is_written_down(self):
        shop = self.make()
        self.job(shop)
        shop.wait_message(state="sent")
        url = self.address()
        db = shop.connect()
        db.execute("BEGIN IMMEDIATE")
        self.assertEqual(self.provider.report(url, "delivered"), 503)
        db.execute("ROLLBACK")
        db.close()
        self.report(url, "delivered")
        shop.kill()
        self.assertEqual(len(shop.query("SELECT * FROM report")), 1)
        shop.start()
        shop.wait_message(state="delivered")


class Configured(ReportsTest):
    def test_a_gateway_of_ones_own_signs_its_time_and_its_body(self):
        shop = self.make(Own())
        self.job(shop)
        shop.wait_message(state="sent")
        url = self.address()
        for more in ({"secret": "guessed"}, {"late_s": 3600}, {"late_s": -3600}):
            self.assertEqual(self.provider.report(url, "delivered", **more), 404, more)
        self.assertEqual(self.provider.report(f"{url}?MessageStatus=delivered", "queued"), 404)
        self.report(url, "delivered")
        shop.wait_message(state="delivered")

    def test_reports_from_elsewhere_are_refused(self):
        shop = self.make()
        conf = (shop.dir / "betimes.conf").read_text()
        self.job(shop)
        shop.wait_message(state="sent")
        url = self.address()
        for there, status in (("192.0.2.7, 2001:db8::/32", 404), ("192.0.2.7, 127.0.0.0/8", 200)):
            shop.write("betimes.conf", conf + f"reports-from = {there}\n")
            shop.reload()
            self.assertEqual(self.provider.report(url, "delivered"), status)
        shop.write("betimes.conf", conf + "reports-from = example.com\n")
        said = shop.run("check", status=1).stderr
        self.assertIn("`example.com` is no address; write it as", said)

    def test_a_secret_may_stand_in_a_file_that_only_its_owner_can_read(self):
        shop = self.make(MessageBird())
        conf = (shop.dir / "betimes.conf").read_text()
        path = shop.write("signing-key", f"{SECRET} too\n")
        shop.write("betimes.conf", conf.replace(f"signing_key = {SECRET}",
                                                "signing_key-file = signing-key"))
        shop.reload()
        self.job(shop)
        shop.wait_message(state="sent")
        url = self.address()
        self.assertEqual(self.provider.report(url, "delivered"), 404)
        self.report(url, "delivered", secret=f"{SECRET} too")
        path.chmod(0o644)
        self.assertIn(f"others can read {path}", shop.run("check", status=1).stderr)
        shop.write("betimes.conf", conf + "signing_key-file = signing-key\n")
        path.chmod(0o600)
        self.assertIn("`signing_key` and `signing_key-file` are both there; keep one",
                      shop.run("check", status=1).stderr)

    def test_without_a_page_that_can_be_reached_it_is_an_error(self):
        shop = self.make()
        conf = (shop.dir / "betimes.conf").read_text()
        shop.write("betimes.conf", "\n".join(line for line in conf.splitlines()
                                             if not line.startswith("url = http://127.0.0.1:"
                                                                    f"{self.port}")))
        said = shop.run("check", status=None)
        self.assertIn("`reports = yes` needs `listen` and `url` in [web]",
                      said.stdout + said.stderr)

    def test_nobody_is_told_where_to_report_unless_it_is_wanted(self):
        for provider in PROVIDERS:
            with self.subTest(type(provider).__name__):
                shop = self.make(provider)
                conf = (shop.dir / "betimes.conf").read_text()
                shop.write("betimes.conf", conf.replace("reports = yes", ""))
                shop.reload()
                self.job(shop)
                shop.wait_message(state="sent")
                body = self.peer.requests[-1].body.decode()
                self.assertNotIn("report", body.lower())
                self.assertNotIn("callback", body.lower())
                shop.stop()


if __name__ == "__main__":
    import unittest

    unittest.main()
