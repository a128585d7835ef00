//! What the roles of the template permit. That they permit enough is shown by all stories, whose functions run under them.

use api::{World, story};

use crate::{account, interrupted, large_files, outbox, registration, send, throttle};

#[test]
fn no_role_permits_an_action_or_a_kind_of_key_that_its_function_does_not_use() {
    registration::an_account_is_registered_confirmed_with_a_button_and_used();
    throttle::log_on_confirm_and_change_of_password_count_together();
    account::an_account_is_taken_along_and_deleted_and_nothing_of_it_stays();
    account::a_log_on_that_was_forgotten_somewhere_is_found_and_ended();
    large_files::an_upload_that_was_killed_half_way_goes_on_where_it_stopped();
    large_files::a_folder_that_is_too_large_for_one_answer_is_fetched_from_the_bucket();
    interrupted::a_change_loses_the_bucket();
    send::a_user_mails_themselves_and_an_administrator_anybody();
    outbox::a_mail_that_could_not_be_sent_is_sent_later_once();
    outbox::an_address_that_bounces_or_complains_is_not_mailed_again();
    story(async |app| drop(app.anonymous().get("health").await.is(200)));
    let roles = &World::get().local().roles;
    for function in ["auth", "account", "files", "send"] {
        let permitted = roles.permitted(function);
        assert!(!permitted.keys.is_empty(), "{function}");
        assert_eq!(roles.used(function), permitted, "{function}");
    }
}
