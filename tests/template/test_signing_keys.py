"""The keys that sign tokens are replaced by schedule, and nobody notices."""

import base64
import datetime
import json
import sys
from pathlib import Path

import boto3
import pytest
from botocore.stub import ANY, Stubber
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.serialization import load_der_private_key

sys.path.insert(0, str(Path(__file__).parents[2] / "clients/signing_keys"))
import rotate  # noqa: E402

TODAY = datetime.date(2026, 11, 27)
DAY = datetime.timedelta(days=1)
# What must be verified for so long after it was made: a token, and the link that undoes a change of address.
LONGEST_LIFE = 7 * DAY


def kids(keys):
    return [key["kid"] for key in keys]


def run_for(days, every=1):
    """The keys at the end of each day, of a program that runs on each of them or on every so manieth."""
    keys = [rotate.new_key(TODAY)]
    for number in range(days):
        today = TODAY + number * DAY
        if number % every == 0:
            keys, _ = rotate.next_step(keys, today)
        yield today, keys


@pytest.mark.parametrize("every", [1, 2, 5, 20])
def test_a_key_is_published_before_it_signs_and_verifies_as_long_as_anything_of_it_lives(every):
    published, signed_last = {}, {}
    for today, keys in run_for(200, every):
        for kid in kids(keys):
            published.setdefault(kid, today)
        signing = kids(keys)[0]
        if signing != TODAY.isoformat():
            assert today - published[signing] >= DAY, "everybody has had a day to read it"
        signed_last[signing] = today
        for kid, last in signed_last.items():
            assert kid in kids(keys) or today - last > LONGEST_LIFE, f"something of {kid} may still live"
        assert len(keys) <= 3
    assert len(signed_last) > 3, "keys are replaced"


def test_a_key_signs_for_a_month():
    signing = [kids(keys)[0] for _, keys in run_for(365)]
    assert max(signing.count(kid) for kid in set(signing)) <= 32


def test_running_it_twice_on_a_day_changes_nothing_more():
    for today, keys in run_for(100):
        again, _ = rotate.next_step(keys, today)
        if again != keys:
            assert kids(again) != kids(keys), "a further step, such as a new key once the old one is gone"


def test_a_key_is_of_the_kind_that_the_functions_read():
    key = load_der_private_key(base64.b64decode(rotate.new_key(TODAY)["pkcs8"]), None)
    assert isinstance(key.curve, SECP256R1)


def test_a_key_named_otherwise_is_replaced_like_one_of_long_ago():
    keys, done = rotate.next_step([{"kid": "2026-11", "pkcs8": "x"}], TODAY)
    assert kids(keys) == ["2026-11", "2026-11-27"] and "was made" in done


@pytest.fixture
def parameter_store():
    """Parameter Store that answers and is asked as a test says."""
    client = boto3.client("ssm", region_name="eu-west-2", aws_access_key_id="a", aws_secret_access_key="s")
    with Stubber(client) as answers:
        yield client, answers
        answers.assert_no_pending_responses()


def holds(answers, keys):
    asked = {"Name": "/keys", "WithDecryption": True}
    answers.add_response("get_parameter", {"Parameter": {"Value": json.dumps({"keys": keys})}}, asked)


def test_a_leaked_key_is_gone_at_once_even_if_it_was_made_today(parameter_store):
    client, answers = parameter_store
    holds(answers, [rotate.new_key(TODAY)])
    written = {"Name": "/keys", "Type": "SecureString", "Value": ANY, "Overwrite": True}
    answers.add_response("put_parameter", {"Version": 2}, written)
    assert "2026-11-27-2 is the only key" in rotate.rotate(client, "/keys", TODAY, first=False, leaked=True)


def test_nothing_is_written_while_there_is_nothing_to_do(parameter_store):
    client, answers = parameter_store
    holds(answers, [rotate.new_key(TODAY)])
    assert "nothing has to be done" in rotate.rotate(client, "/keys", TODAY + 5 * DAY, first=False, leaked=False)


def test_a_first_key_takes_the_place_of_none(parameter_store):
    client, answers = parameter_store
    written = {"Name": "/keys", "Type": "SecureString", "Value": ANY, "Overwrite": False}
    answers.add_response("put_parameter", {"Version": 1}, written)
    assert "first key" in rotate.rotate(client, "/keys", TODAY, first=True, leaked=False)


@pytest.mark.parametrize("text", ["", "{}", '{"keys": []}', '{"keys": [{"kid": "x"}]}', '{"keys": 7}'])
def test_what_holds_no_keys_is_left_as_it_is(parameter_store, text):
    client, answers = parameter_store
    answers.add_response("get_parameter", {"Parameter": {"Value": text}}, {"Name": "/keys", "WithDecryption": True})
    with pytest.raises(rotate.Unusable):
        rotate.rotate(client, "/keys", TODAY, first=False, leaked=False)
