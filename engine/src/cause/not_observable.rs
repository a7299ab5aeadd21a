//! Beginnings of sentences about what one capture cannot show. Another capture may show it
//! ([`super::other_capture`]).

pub(super) const SERVER_SENT_RESET: &str = "whether the server sent the reset";
pub(super) const WHO_SENT_RESET: &str = "who sent the reset";
pub(super) const CLIENT_RECEIVED_RESET: &str = "whether the client received a reset";
pub(super) const WHAT_CLIENT_DID: &str = "what the client application did";
pub(super) const SYN_AT_SERVER: &str = "whether the server received a SYN of this connection";
pub(super) const SYN_REACHED_SERVER: &str = "whether the SYN reached the server";
pub(super) const SYN_ACK_REACHED_CLIENT: &str = "whether the SYN-ACK reached the client";
pub(super) const ACK_REACHED_SERVER: &str = "whether the ACK reached the server";
pub(super) const WHAT_CLIENT_SENT: &str = "what the client sent after the SYN-ACK";
pub(super) const WHERE_ACK_ARRIVED: &str = "whether and where the ACK";
pub(super) const WHAT_WAS_LOST: &str = "whether the SYN or its answer was lost";

/// What to do about something that one capture cannot show.
pub(super) const AT_SERVER_SHOWS: &str = " (a capture at the server shows it)";
