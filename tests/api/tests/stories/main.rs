//! The stories, by what they are about.

mod account;
mod edge;
mod events;
mod faults;
mod file_states;
mod files;
mod first_calls;
mod formats;
mod info;
mod interrupted;
mod keys;
mod large_files;
mod model;
mod odd_names;
mod outbox;
mod registration;
mod roles;
mod secrecy;
mod send;
mod sign_on;
mod strangers;
mod template;
mod throttle;
mod transfers;
