"""The stories of tests/api, told again at the gateway of the deployment."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Stories, or the beginnings of their names, that cannot be told here, by the reason. All others are.
NOT_HERE = {
    "they start, feed or stop functions themselves, or read what these have printed": [
        *("events::", "faults::", "first_calls::", "interrupted::", "outbox::", "roles::", "secrecy::"),
        "account::an_account_is_taken_along_and_deleted",
    ],
    "they compare the formats of events, and are about the template as it is written": ["formats::", "template::"],
    "their time is measured, and ministack's gateway takes 50 ms for each request": [
        *("edge::a_short_streamed_answer", "registration::the_time_of_an_answer"),
    ],
    "ministack's gateway tells one address for all clients, who use up together what one of them may do": [
        *("throttle::", "registration::fifty_registrations", "registration::who_registers_or_resets"),
    ],
    "ministack's gateway does not give the answers of the template's GatewayResponses": [
        *("edge::a_wrong_method", "edge::every_failure", "edge::no_answer_is_a_redirect"),
        "files::deleting_takes_a_file_or_a_folder",
    ],
    "ministack's gateway loses bytes that are no text": [
        *("file_states::a_download_that_broke_off", "files::a_download_stays", "files::uploads_are_listed"),
        *("keys::a_script_with_a_key", "large_files::a_large_zip", "large_files::a_folder_that_is_too"),
        *("large_files::an_upload_that_was_killed", "transfers::a_folder_is_taken_away_as_a_zip"),
    ],
    "ministack's gateway decodes paths before it hands them on": [
        *("files::a_path_that_leads_elsewhere", "odd_names::", "model::"),
    ],
    "ministack's gateway keeps the head of an answer to HEAD": [
        "file_states::a_reader_asks",
        *("strangers::a_key_reaches", "strangers::no_role_reaches", "strangers::without_a_valid_token"),
    ],
    "ministack does not answer what browsers ask a bucket before they send, and its address is not that of S3": [
        *("large_files::only_pages_of_allowed_origins", "info::the_console_is_public"),
    ],
}
LEAST = 51
SECONDS = 600


def test_what_people_do_works_as_it_is_deployed(deployment):
    outputs = deployment.outputs
    place = {
        "api": deployment.api,
        "public": deployment.public_url,
        "aws": deployment.endpoint,
        "table": outputs["TableName"],
        "bucket": outputs["BucketName"],
    }
    skipped = [part for names in NOT_HERE.values() for name in names for part in ("--skip", name)]
    # The whole workspace, as `make rust-tests` has it: otherwise its crates would be compiled anew with fewer features.
    command = ["cargo", "test", "--workspace", "--locked", "--test", "stories", "--", *skipped]
    environment = os.environ | {"STORIES_DEPLOYMENT": json.dumps(place)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    told = done.stdout.count(" ... ok")
    assert done.returncode == 0, done.stdout[-6_000:]
    assert told >= LEAST, f"{told} stories were told"
