//! `GET /user`: the account object.

use domain::Account;
use http::StatusCode;
use serde::Serialize;
use web::{Response, response};

#[derive(Serialize)]
struct Answer<'a> {
    ok: bool,
    status: &'static str,
    data: AccountObject<'a>,
}

/// What clients read, change and post back as a whole. It holds no hash, no id and no role.
#[derive(Serialize)]
struct AccountObject<'a> {
    title: Option<&'a str>,
    firstname: Option<&'a str>,
    middlename: Option<&'a str>,
    surname: Option<&'a str>,
    nickname: Option<&'a str>,
    position: Option<&'a str>,
    company: Option<&'a str>,
    email: &'a str,
    tel: Option<&'a str>,
    address: Option<&'a str>,
    postcode: Option<&'a str>,
    country: Option<&'a str>,
    website: Option<&'a str>,
    twitter: Option<&'a str>,
    linkedin: Option<&'a str>,
    jess_user: Option<&'a str>,
    jess_pwd: &'static str,
    use_jess: bool,
}

impl<'a> From<&'a Account> for AccountObject<'a> {
    fn from(account: &'a Account) -> Self {
        let profile = &account.profile;
        Self {
            title: profile.title.as_deref(),
            firstname: profile.firstname.as_deref(),
            middlename: profile.middlename.as_deref(),
            surname: profile.surname.as_deref(),
            nickname: profile.nickname.as_deref(),
            position: profile.position.as_deref(),
            company: profile.company.as_deref(),
            email: account.email.as_str(),
            tel: profile.tel.as_deref(),
            address: profile.address.as_deref(),
            postcode: profile.postcode.as_deref(),
            country: profile.country.as_deref(),
            website: profile.website.as_deref(),
            twitter: profile.twitter.as_deref(),
            linkedin: profile.linkedin.as_deref(),
            // JESS credentials are not kept here; the fields are what clients expect to find.
            jess_user: None,
            jess_pwd: "hidden",
            use_jess: profile.use_jess,
        }
    }
}

/// The caller's account. The status is spelled as it always was on the wire.
pub(crate) fn read(account: &Account) -> Response {
    let status = "User's account detailes included.";
    response::json(StatusCode::OK, &Answer { ok: true, status, data: AccountObject::from(account) })
}

#[cfg(test)]
mod tests {
    use domain::testing::{SeededRandom, contract};

    use super::*;

    #[test]
    fn the_account_object_has_every_published_field_and_nothing_secret() {
        let account = contract::account("ada@example.org", &SeededRandom::new(1));
        let json = serde_json::to_string(&AccountObject::from(&account)).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"title":null,"firstname":"Ada","middlename":null,"surname":null,"nickname":null,"position":null,"#,
                r#""company":null,"email":"ada@example.org","tel":null,"address":null,"postcode":null,"#,
                r#""country":null,"website":null,"twitter":null,"linkedin":null,"jess_user":null,"#,
                r#""jess_pwd":"hidden","use_jess":true}"#
            )
        );
    }
}
