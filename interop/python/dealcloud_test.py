"""requests-oauthlib gets DealCloud's tokens, and calls an API with them.

Run by interop/systems_python_test.go, which says where everything is.
"""

import json
import os
import unittest

from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

SETTINGS = json.loads(os.environ["GATEHOUSE_TEST_SYSTEMS"])
API = os.environ["GATEHOUSE_TEST_API"]
SYSTEM = SETTINGS["systems"]["dealcloud"]
TOKEN_URL = SYSTEM["issuer"] + "/api/rest/v1/oauth/token"
IMPORTED = SETTINGS["dealcloud_id"], SETTINGS["imported_secret"]
PRESET = SYSTEM["client_id"], SYSTEM["client_secret"]


def session(client_id, *scopes):
    return OAuth2Session(client=BackendApplicationClient(client_id, scope=list(scopes)))


class DealCloud(unittest.TestCase):
    def check(self, token, *scopes):
        self.assertEqual(token["token_type"], "bearer")
        self.assertEqual(token["expires_in"], 900)
        self.assertEqual(sorted(token["scope"]), sorted(scopes))

    def test_parameters_as_documented(self):
        for client_id, secret in IMPORTED, PRESET:
            with self.subTest(client_id):
                token = session(client_id, "data", "user_management").fetch_token(
                    TOKEN_URL, client_id=client_id, client_secret=secret, include_client_id=True, auth=False
                )
                self.check(token, "data", "user_management")

    def test_basic_whose_parts_are_not_encoded(self):
        for client_id, secret in IMPORTED, PRESET:
            with self.subTest(client_id):
                token = session(client_id, "data").fetch_token(TOKEN_URL, auth=HTTPBasicAuth(client_id, secret))
                self.check(token, "data")

    def test_every_scope(self):
        scopes = "user_management data publish ri_import backup provider_sync api data_provider exchange".split()
        self.check(session(PRESET[0], *scopes).fetch_token(TOKEN_URL, auth=HTTPBasicAuth(*PRESET)), *scopes)

    def test_the_token_opens_what_its_scope_covers(self):
        dealcloud = session(IMPORTED[0], "data")
        dealcloud.fetch_token(TOKEN_URL, auth=HTTPBasicAuth(*IMPORTED))
        self.assertEqual(dealcloud.get(API + "/api/rest/v4/schema/entryTypes").status_code, 200)
        self.assertEqual(dealcloud.get(API + "/api/rest/v1/management/user").status_code, 403)

    def test_a_wrong_secret_is_refused(self):
        with self.assertRaises(OAuth2Error) as refused:
            session(IMPORTED[0], "data").fetch_token(TOKEN_URL, auth=HTTPBasicAuth(IMPORTED[0], "a b/c"))
        self.assertEqual((refused.exception.error, refused.exception.status_code), ("invalid_client", 401))

    def test_an_unknown_scope_is_refused(self):
        with self.assertRaises(OAuth2Error) as refused:
            session(IMPORTED[0], "everything").fetch_token(TOKEN_URL, auth=HTTPBasicAuth(*IMPORTED))
        self.assertEqual(refused.exception.error, "invalid_scope")
